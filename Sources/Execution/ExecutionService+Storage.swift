package import Heaps

/// Waiting for storage, which is bounded as all other waiting is.
extension ExecutionService {
    /// Whose states are to be stored before somebody looks.
    package enum FlushScope: Hashable, Sendable {
        case nothing
        case heap(HeapName)
        /// All heaps whose names start so.
        case startingWith(String)
    }

    /// Looks at what is stored.
    ///
    /// - Throws: what the storage's refusal means; `storage` too if it does not answer in time.
    package func reading<Result: Sendable>(
        after scope: FlushScope, timeout: Duration? = nil,
        _ body: @escaping @Sendable () async throws(HeapError) -> Result
    ) async throws(ExecutionFailure) -> Result {
        try await bounded(by: timeout) { running throws(ExecutionFailure) in
            try await self.flush(scope, for: running)
            return try await self.storage(for: running, body)
        }
    }

    /// Does what comes before a run and takes of its time; its task is cancelled when that is over,
    /// or the server ends.
    package func preparing<Result: Sendable>(
        within timeout: Duration,
        _ body: @escaping @Sendable () async throws(ExecutionFailure) -> Result
    ) async throws(ExecutionFailure) -> Result {
        // What is prepared says best itself that its time is over.
        try await bounded(by: timeout + limits.killGrace / 2) { _ throws(ExecutionFailure) in
            try await body()
        }
    }

    /// Does something else to a heap in its turn, while no execution has the heap.
    ///
    /// - Parameter other: another heap that it reads.
    /// - Throws: `busy`, `cancelled`, or what the storage's refusal means; `storage` too if that
    ///   does not answer in time, when it may have been done all the same.
    package func withTurn<Result: Sendable>(
        on heap: HeapName, reading other: HeapName? = nil, timeout: Duration? = nil,
        _ body: @escaping @Sendable () async throws(HeapError) -> Result
    ) async throws(ExecutionFailure) -> Result {
        try await bounded(by: timeout) { running throws(ExecutionFailure) in
            if let other { try await self.flush(.heap(other), for: running) }
            try await self.takeTurn(on: heap, for: running)
            defer { self.queue.passTurn(on: heap) }
            try await self.flush(.heap(heap), for: running)
            try running.beginChange(.donePerhaps(running.timeout))
            return try await self.storage(for: running, holding: heap, body)
        }
    }

    /// Waits for a heap; a deadline that comes while storage has it says so.
    func takeTurn(
        on heap: HeapName, for running: RunningExecution
    ) async throws(ExecutionFailure) {
        do throws(ExecutionFailure) {
            try await running.waiting(for: .heap(heap)) { [queue] () throws(ExecutionFailure) in
                try await queue.takeTurn(on: heap)
            }
        } catch {
            if queue.isInStorage(heap) {
                running.blame(.heapInStorage(heap, running.timeout))
            }
            throw error
        }
    }

    /// Waits until what was answered is stored, so far as that is asked for.
    ///
    /// - Throws: what is lost of it, which is told once.
    func flush(
        _ scope: FlushScope, for running: RunningExecution
    ) async throws(ExecutionFailure) {
        try await waitingForWrites(for: running) { claim throws(ExecutionFailure) in
            switch scope {
            case .nothing: break
            case .heap(let heap): try await unwritten.flush(heap, claim: claim)
            case .startingWith(let prefix):
                try await unwritten.flushAll(startingWith: prefix, claim: claim)
            }
        }
    }

    /// Waits for what was answered before; a deadline that comes meanwhile says so, but not once
    /// the execution has claimed to be told of a loss.
    func waitingForWrites<Value>(
        for running: RunningExecution,
        _ body: (UnwrittenHeaps.Claim) async throws(ExecutionFailure) -> Value
    ) async throws(ExecutionFailure) -> Value {
        do throws(ExecutionFailure) {
            return try await body { () throws(ExecutionFailure) in try running.beginCommit() }
        } catch {
            if error.kind == .cancelled { running.blame(.storageSilent(running.timeout)) }
            throw error
        }
    }

    /// Waits for storage until the execution's end.
    ///
    /// - Parameter heap: whose turn the execution has: it is not passed on before the storage has
    ///   done what it was asked for, in time or late.
    func storage<Value: Sendable>(
        for running: RunningExecution, holding heap: HeapName? = nil,
        _ body: @escaping @Sendable () async throws(HeapError) -> Value
    ) async throws(ExecutionFailure) -> Value {
        try running.check()
        if let heap { queue.beginStorage(on: heap) }
        let result = await running.waitForStorage(on: executor) { [queue] in
            defer { if let heap { queue.endStorage(on: heap) } }
            do throws(HeapError) { return .success(try await body()) } catch {
                return .failure(ExecutionFailure(error))
            }
        }
        return try result.get()
    }

    /// Does something that is no run of a script within a time.
    func bounded<Value: Sendable>(
        by timeout: Duration?,
        _ body: @escaping @Sendable (RunningExecution) async throws(ExecutionFailure) -> Value
    ) async throws(ExecutionFailure) -> Value {
        let running = RunningExecution(
            timeout: timeout ?? limits.timeoutDefault, killGrace: limits.killGrace,
            timeline: timeline, deadlines: deadlines)
        return try await counted { () throws(ExecutionFailure) in
            let result = await running.stoppingAtDeadline(on: executor) {
                () -> Result<Value, ExecutionFailure> in
                do throws(ExecutionFailure) { return .success(try await body(running)) } catch {
                    return .failure(running.cause(of: error))
                }
            }
            return try result.get()
        }
    }
}
