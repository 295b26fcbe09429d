import CSandbox
import Foundation
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

/// A worker whose socket a test holds itself, for what a channel does not do.
private final class BareSource: WorkerSource {
    private let socket = Mutex<Int32>(-1)

    deinit { Glibc.close(socket.withLock { $0 }) }

    func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) async throws(ExecutionError) -> WorkerHandle {
        socket.withLock { $0 = dup(descriptors.channel) }
        // It lives for longer than the test: who has ended is not listened to for long.
        let exit = eventLoop.scheduleTask(in: .minutes(2)) { WorkerExit?.none }.futureResult
        return WorkerHandle(engine: FakeSource.engine, kill: {}, exit: exit)
    }

    func close() async {}

    /// Whether something was said to the worker.
    var isAsked: Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK | MSG_DONTWAIT)
        return recv(socket.withLock { $0 }, &byte, 1, flags) > 0
    }

    /// Says something and sends descriptors of a memory file along.
    func say(_ bytes: [UInt8], withDescriptorsOf name: String) -> Int {
        let file = unsafe csandbox_memory_file(name, 1)
        defer { Glibc.close(file) }
        return unsafe csandbox_send(socket.withLock { $0 }, bytes, bytes.count, [file, file], 2)
    }
}

@Suite("Smuggling", .timeLimit(.minutes(1)))
struct SmugglingTests {
    @Test("takes in no descriptor that a worker sends along")
    func descriptors() async throws {
        let source = BareSource()
        let process = try await WorkerProcess(
            id: 1, from: source, on: MultiThreadedEventLoopGroup.singleton.next(),
            snapshotByteCountMax: 4096)
        defer { process.kill() }
        let request = EvaluateRequest(
            state: .stateless, saving: .never, runNumber: 1, timeoutMilliseconds: 1000,
            outputByteCountMax: 1000, code: "1")
        async let answer = process.evaluate(request, onConsole: { _ in })
        await eventually { source.isAsked }
        let value = Reply.evaluated(.of(.value(ScriptValue(json: nil, text: "1"))))
        let bytes = try value.frame.encoded()
        #expect(source.say(bytes, withDescriptorsOf: "smuggled") == bytes.count)
        #expect(await answer.ending == .complete)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        #expect(!open.contains { $0.contains("smuggled") })
    }
}
