import NIOCore
import NIOPosix
import Synchronization
import WorkerProtocol

@testable import Execution

/// A template that a test plays: its workers live in the test's own process.
final class FakeSource: WorkerSource {
    typealias Answer = @Sendable (FakeWorker, EvaluateRequest) -> Void

    static let engine = EngineIdentity(
        v8Version: "10.2", buildID: "00", mode: .jit, nativesVersion: 1)

    private struct State {
        var workers: [FakeWorker] = []
        var failure: ExecutionError?
    }

    private let answer: Answer
    private let inspect: @Sendable (FakeWorker) -> Void
    private let state = Mutex(State())
    private let requests: AsyncStream<(FakeWorker, EvaluateRequest)>
    private let requestsContinuation: AsyncStream<(FakeWorker, EvaluateRequest)>.Continuation

    /// Makes a source whose workers answer so; ``nextRequest(where:)`` tells what they were asked.
    init(
        answering answer: @escaping Answer = { worker, request in worker.echo(request) },
        inspecting inspect: @escaping @Sendable (FakeWorker) -> Void = { _ in }
    ) {
        self.answer = answer
        self.inspect = inspect
        (requests, requestsContinuation) = AsyncStream.makeStream()
    }

    /// All workers that were ever started.
    var workers: [FakeWorker] { state.withLock(\.workers) }

    /// From now on workers cannot be started, or can again.
    func fail(_ failure: ExecutionError?) { state.withLock { $0.failure = failure } }

    /// Waits for a worker to be asked something.
    func nextRequest(where isWanted: (EvaluateRequest) -> Bool = { _ in true }) async
        -> (worker: FakeWorker, request: EvaluateRequest)?
    {
        for await (worker, request) in requests where isWanted(request) { return (worker, request) }
        return nil
    }

    func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) async throws(ExecutionError) -> WorkerHandle {
        if let failure = state.withLock(\.failure) { throw failure }
        let worker = FakeWorker(descriptors, exit: eventLoop.makePromise())
        do {
            try await worker.open(
                descriptors.channel, on: eventLoop, inspecting: inspect
            ) { worker, request in
                self.answer(worker, request)
                self.requestsContinuation.yield((worker, request))
            }
        } catch {
            worker.end(nil)
            throw .system(call: "connect", code: 0)
        }
        state.withLock { $0.workers.append(worker) }
        return WorkerHandle(
            engine: FakeSource.engine, kill: { worker.end(.signalled(9)) }, exit: worker.ended)
    }

    func close() async {
        for worker in workers { worker.end(nil) }
    }

    /// What the death of a template does to its workers.
    func die() {
        for worker in workers { worker.end(nil) }
    }
}
