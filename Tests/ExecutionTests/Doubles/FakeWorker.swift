import Glibc
import NIOCore
import NIOPosix
import Synchronization
import WorkerProtocol

@testable import Execution

/// The other end of a worker's channel, played by a test.
final class FakeWorker: Sendable {
    private let channel = Mutex<(any Channel)?>(nil)
    private let isDying = Mutex(false)
    private let exit: EventLoopPromise<WorkerExit?>
    private let exchange: MemoryEnd
    private let diagnostics: MemoryEnd
    /// What the heap holds that ``echo(_:)`` plays: all code that ran, one after the other.
    let heap = Mutex<[UInt8]>([])
    /// What is kept for later, oldest first: the number of the run, and what it left behind.
    let kept = Mutex<[(runNumber: UInt32, bytes: [UInt8])]>([])
    /// Whether a run is under way that the test ends.
    private let isHolding = Atomic(false)
    /// Which states were asked for.
    let states = Mutex<[EvaluateRequest.State]>([])

    init(_ descriptors: BirthDescriptors, exit: EventLoopPromise<WorkerExit?>) {
        self.exit = exit
        exchange = MemoryEnd(descriptors.exchange)
        diagnostics = MemoryEnd(descriptors.diagnostics)
    }

    var ended: EventLoopFuture<WorkerExit?> { exit.futureResult }

    func open(
        _ descriptor: Int32, on eventLoop: any EventLoop,
        inspecting inspect: @escaping @Sendable (FakeWorker) -> Void,
        answering answer: @escaping @Sendable (FakeWorker, EvaluateRequest) -> Void
    ) async throws {
        let opened = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(FrameDecoder()), RequestHandler(self, inspect, answer))
                }
            }
            .withConnectedSocket(dup(descriptor)).get()
        channel.withLock { $0 = opened }
    }

    func say(_ replies: Reply...) {
        for reply in replies { say(bytes: (try? reply.frame.encoded()) ?? []) }
    }

    func say(bytes: [UInt8]) {
        channel.withLock { $0 }?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func say(value: String, json: String? = nil) {
        let value = ScriptValue(json: json.map { Array($0.utf8) }, text: value)
        say(.evaluated(.of(.value(value))))
    }

    func hangUp() {
        channel.withLock { $0 }?.close(promise: nil)
    }

    /// Hangs up, and returns when the other end can notice it.
    func hungUp() async throws {
        guard let channel = channel.withLock({ $0 }) else { return }
        channel.close(promise: nil)
        try await channel.closeFuture.get()
    }

    /// Ends the process, which closes the channel and is then told by the template.
    ///
    /// The first end counts, as with a process: what is dying cannot be killed.
    func end(_ status: WorkerExit?) {
        let isFirst = isDying.withLock { isDying in
            defer { isDying = true }
            return !isDying
        }
        guard isFirst else { return }
        guard let channel = channel.withLock({ $0 }) else { return exit.succeed(status) }
        channel.close(promise: nil)
        channel.closeFuture.whenComplete { [exit] _ in exit.succeed(status) }
    }

    /// Has the template tell of an end that the channel does not show yet.
    func reportEnd(_ status: WorkerExit?) {
        isDying.withLock { $0 = true }
        exit.succeed(status)
    }

    func writeSnapshot(_ bytes: [UInt8]) { exchange.write(bytes) }

    func readSnapshot(byteCount: UInt64) -> [UInt8] { exchange.read(byteCount: Int(byteCount)) }

    func complain(_ text: String) { diagnostics.write(Array(text.utf8)) }

    /// Plays a heap: code is added to what is there, and all of it is the value.
    ///
    /// `throw` throws after it was added, `syntax` does not parse, `hold` is left for the test to
    /// answer.
    func echo(_ request: EvaluateRequest) {
        states.withLock { $0.append(request.state) }
        // Who goes on from a state has answered its run.
        kept.withLock { $0 = $0.suffix(1) }
        switch request.state {
        case .stateless, .newHeap: heap.withLock { $0 = [] }
        case .snapshot(let byteCount):
            let bytes = readSnapshot(byteCount: byteCount)
            heap.withLock { $0 = bytes }
        case .live: break
        }
        isHolding.store(request.code == "hold", ordering: .relaxed)
        if request.code != "hold" { finish(request) }
    }

    func finish(_ request: EvaluateRequest) {
        isHolding.store(false, ordering: .relaxed)
        let kind: ScriptError.Kind? =
            switch request.code {
            case "throw": .exception
            case "syntax": .syntax
            default: nil
            }
        if kind != .syntax { heap.withLock { $0 += Array(request.code.utf8) } }
        let bytes = heap.withLock { $0 }
        guard let kind else {
            say(value: String(decoding: bytes, as: UTF8.self))
            if request.saving != .never { save(bytes, request) }
            return
        }
        say(.evaluated(.of(.exception(.sample(kind)))))
        if request.saving == .onValueOrException && kind == .exception {
            save(bytes, request)
        }
    }

    private func save(_ bytes: [UInt8], _ request: EvaluateRequest) {
        guard request.savingDelayMilliseconds > 0 else { return save(bytes) }
        kept.withLock { $0.append((request.runNumber, bytes)) }
        say(.snapshot(.kept))
    }

    /// Does what it is told between two runs.
    func saveNow(_ runNumber: UInt32) {
        if !isHolding.load(ordering: .relaxed) { saveKept(from: runNumber) }
    }

    /// Forgets what is kept of runs before one.
    func forgetKept(before runNumber: UInt32) {
        kept.withLock { $0.removeAll { $0.runNumber < runNumber } }
    }

    /// Does what a fork does whose time has come: the one of this run or the next after it.
    func saveKept(_ report: SnapshotReport? = nil, from runNumber: UInt32 = 0) {
        let due = kept.withLock { kept in
            kept.firstIndex { $0.runNumber >= runNumber }.map { index in
                defer { kept.removeSubrange(...index) }
                return kept[index]
            }
        }
        guard let (runNumber, bytes) = due else { return }
        writeSnapshot(bytes)
        let made = SnapshotReport.made(byteCount: UInt64(bytes.count), microseconds: 1)
        say(.saved(SavedSnapshot(runNumber: runNumber, slot: 0, report: report ?? made)))
    }

    func save(_ bytes: [UInt8]) {
        writeSnapshot(bytes)
        say(.snapshot(.made(byteCount: UInt64(bytes.count), microseconds: 1)))
    }
}

/// A descriptor of shared memory that a fake worker keeps for itself.
private final class MemoryEnd: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = dup(descriptor) }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) { pwrite(descriptor, bytes, bytes.count, 0) }

    func read(byteCount: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        pread(descriptor, &bytes, byteCount, 0)
        return bytes
    }
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = Frame

    private let worker: FakeWorker
    private let inspect: @Sendable (FakeWorker) -> Void
    private let answer: @Sendable (FakeWorker, EvaluateRequest) -> Void

    init(
        _ worker: FakeWorker, _ inspect: @escaping @Sendable (FakeWorker) -> Void,
        _ answer: @escaping @Sendable (FakeWorker, EvaluateRequest) -> Void
    ) {
        self.worker = worker
        self.inspect = inspect
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch try? Request(unwrapInboundIn(data)) {
        case .evaluate(let request): answer(worker, request)
        case .saveNow(let runNumber): worker.saveNow(runNumber)
        case .inspect: inspect(worker)
        case .taken(_, let runNumber): worker.forgetKept(before: runNumber)
        case nil: break
        }
    }
}

extension Evaluation {
    static func of(_ outcome: ScriptOutcome) -> Evaluation {
        Evaluation(outcome: outcome, microseconds: 7, heapByteCount: 1_000)
    }
}

extension ScriptError {
    static func sample(_ kind: Kind) -> ScriptError {
        ScriptError(
            kind: kind, name: "Error", message: "no", stack: "Error: no",
            place: ScriptPlace(script: "run_js", line: 1, column: 1))
    }
}
