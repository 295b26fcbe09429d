import CSandbox
import Glibc
import NIOPosix
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

/// The template's end of a control socket, played by a test on threads of its own.
private struct FakeTemplate {
    let control: Int32

    func close() { Glibc.close(control) }

    func send(_ message: TemplateMessage) { send(message.encoded()) }

    func send(_ bytes: [UInt8]) {
        _ = unsafe csandbox_send(control, bytes, bytes.count, nil, 0)
    }

    func receive() -> (message: TemplateMessage, descriptors: [Int32])? {
        var bytes = [UInt8](repeating: 0, count: TemplateMessage.byteCountMax)
        var descriptors = [Int32](repeating: -1, count: 4)
        var count = 0
        let size = csandbox_receive(control, &bytes, 512, &descriptors, 4, &count)
        guard size > 0, let message = try? TemplateMessage(Array(bytes.prefix(size))) else {
            return nil
        }
        return (message, Array(descriptors.prefix(count)))
    }
}

/// The templates that were started one after the other.
private final class FakeTemplates: Sendable {
    let started = Mutex<[FakeTemplate]>([])

    func start(saying first: TemplateMessage) throws(ExecutionError) -> LaunchedTemplate {
        let sockets = try SocketPair(.datagram)
        let fake = FakeTemplate(control: dup(sockets.peer.number))
        fake.send(first)
        started.withLock { $0.append(fake) }
        return LaunchedTemplate(
            control: OwnedDescriptor(adopting: dup(sockets.server.number)), processID: nil)
    }
}

@Suite("Worker template", .timeLimit(.minutes(5)))
struct WorkerTemplateTests {
    private static let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private static let ready = TemplateMessage.ready(
        identity: FakeSource.engine, codeByteCount: 1 << 20)

    /// A session whose template said this first; the template's end is the caller's to close.
    private func session(
        _ first: [TemplateMessage], timeoutMilliseconds: Int32 = 10_000
    ) throws -> (TemplateSession, FakeTemplate) {
        try session(saying: first.map { $0.encoded() }, timeoutMilliseconds: timeoutMilliseconds)
    }

    private func session(
        saying first: [[UInt8]], timeoutMilliseconds: Int32 = 10_000
    ) throws -> (TemplateSession, FakeTemplate) {
        let sockets = try SocketPair(.datagram)
        let template = FakeTemplate(control: dup(sockets.peer.number))
        let control = OwnedDescriptor(adopting: dup(sockets.server.number))
        for message in first { template.send(message) }
        do {
            let launched = LaunchedTemplate(control: control, processID: nil)
            let session = try TemplateSession(
                launched, readyTimeoutMilliseconds: timeoutMilliseconds)
            return (session, template)
        } catch {
            template.close()
            throw error
        }
    }

    @Test("knows the engine from the first message")
    func ready() throws {
        let (session, template) = try session([Self.ready])
        defer { template.close() }
        #expect(session.identity == FakeSource.engine)
        #expect(session.isRunning)
    }

    @Test("names both versions where the programs do not fit together")
    func versionMismatch() {
        let error = ExecutionError.protocolMismatch(
            ours: TemplateMessage.protocolVersion, theirs: 99)
        #expect(throws: error) {
            try session(saying: [[0, 99, 0, 0, 0, 1, 2, 3]])
        }
        #expect("\(error)".contains("version 99"))
    }

    @Test("refuses another first message, and what is none")
    func otherFirstMessage() {
        #expect(throws: ExecutionError.self) { try session([.kill(workerID: 1)]) }
        #expect(throws: ExecutionError.self) { try session(saying: [[99]]) }
    }

    @Test("does not wait for ever for the first message")
    func silence() {
        #expect(throws: ExecutionError.self) { try session([], timeoutMilliseconds: 1) }
    }

    @Test("passes a worker its descriptors, kills it, and hears of its end")
    func worker() async throws {
        let (session, template) = try session([Self.ready])
        defer { template.close() }
        let serving = NIOThreadPool(numberOfThreads: 1)
        serving.start()
        serving.submit { _ in session.serve() }
        let descriptors = BirthDescriptors(channel: 0, exchange: 1, diagnostics: 2)
        let handle = try session.start(descriptors, on: Self.eventLoop)
        let started = try #require(template.receive())
        #expect(started.message == .start(workerID: 1))
        #expect(started.descriptors.count == 3)
        for descriptor in started.descriptors { close(descriptor) }
        handle.kill()
        #expect(template.receive()?.message == .kill(workerID: 1))
        template.send(.ended(workerID: 1, status: .signalled(9)))
        #expect(try await handle.exit.get() == .signalled(9))
        session.close()
        try await serving.shutdownGracefully()
        #expect(!session.isRunning)
    }

    @Test("loses its workers when it dies")
    func death() async throws {
        let (session, template) = try session([Self.ready])
        let descriptors = BirthDescriptors(channel: 0, exchange: 1, diagnostics: 2)
        let handle = try session.start(descriptors, on: Self.eventLoop)
        template.close()
        session.serve()
        #expect(try await handle.exit.get() == nil)
        #expect(throws: ExecutionError.templateEnded) {
            try session.start(descriptors, on: Self.eventLoop)
        }
    }

    @Test("tells where it looked for a program that is not there")
    func missing() {
        let worker = "/nowhere/libmcp-v8-worker.so"
        for (library, missing) in [
            (worker, ExecutionError.workerMissing(path: worker)),
            ("/bin/true", .engineMissing(path: "/nowhere/node")),
        ] {
            let programs = WorkerPrograms(library: library, engine: "/nowhere/node")
            let launch = TemplateLaunch(programs: programs, heapByteCountMax: 1, mode: .jit)
            #expect(throws: missing) { _ = try launch.launch() }
        }
    }

    @Test("tells that a program ended before it was ready")
    func endsAtOnce() async throws {
        let programs = WorkerPrograms(library: "/bin/false", engine: "/bin/false")
        let launch = TemplateLaunch(programs: programs, heapByteCountMax: 1, mode: .jit)
        let template = WorkerTemplate(
            eventLoop: Self.eventLoop, timeline: Timeline(), logger: Harness.quiet,
            launch: launch.launch)
        await #expect(throws: ExecutionError.self) { try await template.identity() }
        await template.close()
    }

    @Test("is replaced after so many workers, and lives on as long as they do")
    func renewal() async throws {
        let fakes = FakeTemplates()
        var renewal = WorkerTemplate.Renewal()
        renewal.startCount = 2
        let template = WorkerTemplate(
            eventLoop: Self.eventLoop, timeline: Timeline(ManualClock()), renewal: renewal,
            logger: Harness.quiet
        ) { () throws(ExecutionError) in
            try fakes.start(saying: Self.ready)
        }
        let descriptors = BirthDescriptors(channel: 0, exchange: 1, diagnostics: 2)
        var handles: [WorkerHandle] = []
        for _ in 0..<2 {
            handles.append(try await template.start(descriptors, on: Self.eventLoop))
        }
        #expect(!handles[0].isOutdated())
        // The one that brings the next is still served by the old one, or by the new one.
        handles.append(try await template.start(descriptors, on: Self.eventLoop))
        await eventually { fakes.started.withLock(\.count) == 2 && handles[0].isOutdated() }
        let later = try await template.start(descriptors, on: Self.eventLoop)
        #expect(!later.isOutdated())
        let first = fakes.started.withLock { $0[0] }
        for workerID in UInt32(1)...3 {
            first.send(.ended(workerID: workerID, status: .exited(code: 0)))
        }
        #expect(try await handles[0].exit.get() == .exited(code: 0))
        // Its socket is shut down once its last worker is gone.
        while let (_, numbers) = first.receive() { numbers.forEach { close($0) } }
        #expect(await template.isRunning)
        await template.close()
        fakes.started.withLock { $0.forEach { $0.close() } }
    }

    @Test("is started again when it died, and after a pause when it keeps dying")
    func restart() async throws {
        let clock = ManualClock()
        let fakes = FakeTemplates()
        let template = WorkerTemplate(
            eventLoop: Self.eventLoop, timeline: Timeline(clock), logger: Harness.quiet
        ) { () throws(ExecutionError) in
            try fakes.start(saying: Self.ready)
        }
        let descriptors = BirthDescriptors(channel: 0, exchange: 1, diagnostics: 2)
        for startCount in 1...2 {
            _ = try await template.start(descriptors, on: Self.eventLoop)
            #expect(fakes.started.withLock(\.count) == startCount)
            fakes.started.withLock { $0[startCount - 1].close() }
            await eventually { await !template.isRunning }
        }
        async let third = template.start(descriptors, on: Self.eventLoop)
        await eventually { clock.sleeperCount == 1 }
        #expect(fakes.started.withLock(\.count) == 2)
        clock.advance(by: .milliseconds(100))
        _ = try await third
        #expect(fakes.started.withLock(\.count) == 3)
        await template.close()
        fakes.started.withLock { $0[2].close() }
    }
}
