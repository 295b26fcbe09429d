internal import Heaps
internal import Logging
internal import WorkerProtocol

extension ExecutionService {
    private static let baseHeapTimeoutMilliseconds: UInt32 = 10_000

    /// Gives the repository the snapshot of a heap that nothing was run on, when it asks for that;
    /// until cancellation.
    package func provideBaseHeap() async {
        for await _ in repository.baseWanted {
            do {
                try await makeBaseHeap()
            } catch {
                // Who goes early takes the worker along.
                if Task.isCancelled || !isAccepting { continue }
                // Heaps take more room without it, and that is all.
                logger.warning("No base heap was made", metadata: ["error": "\(error)"])
            }
        }
    }

    private func makeBaseHeap() async throws {
        let worker = try await pool.takeSpare()
        defer { pool.retire(worker) }
        let request = EvaluateRequest(
            state: .newHeap, saving: .onValue, runNumber: 1,
            timeoutMilliseconds: ExecutionService.baseHeapTimeoutMilliseconds,
            outputByteCountMax: 0, code: "0")
        let answer = await worker.evaluate(request) { _ in }
        guard case .made(let byteCount, _) = answer.snapshot else {
            throw ExecutionFailure(.workerLost, "The worker made no snapshot of a new heap.")
        }
        let snapshot = try await worker.takeSnapshot(byteCount: Int(clamping: byteCount), slot: 0)
        try await repository.adoptBase(snapshot, of: worker.engine)
    }
}
