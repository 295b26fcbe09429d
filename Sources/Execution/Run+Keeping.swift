internal import Heaps
internal import WorkerProtocol

extension Run {
    /// Runs on a heap whose state is written later: the answer says `durable: false`.
    mutating func runAndKeep(on name: HeapName) async throws(ExecutionFailure) -> ExecutionOutcome {
        let held = try await service.waitingForWrites(for: running) {
            [unwritten = service.unwritten] claim throws(ExecutionFailure) in
            try await unwritten.begin(name, claim: claim)
        }
        do throws(ExecutionFailure) {
            if let held { return try await runAndKeep(on: name, held) }
            let head = try await stored { [service] () throws(HeapError) in
                try await service.repository.head(of: name)
            }
            try refuseQuarantined(head)
            return try await runAndKeep(on: name, replacing: head)
        } catch {
            // The worker may have been ended because its heap was lost under the run.
            try end(name, .failed)
            throw error
        }
    }

    /// Says before it is told of a loss whether this run may still tell it.
    var claim: UnwrittenHeaps.Claim {
        { [running] () throws(ExecutionFailure) in try running.beginCommit() }
    }

    private mutating func runAndKeep(
        on name: HeapName, _ held: UnwrittenHeaps.HeapState.Holding
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        var worker = held.worker
        let delay = service.unwritten.delay(for: name)
        let answer = try await ask(
            &worker, on: .unwritten(runNumber: held.runNumber), saving: saving, delay: delay)
        let isKept = try keep(
            answer, for: delay, by: worker, name, replacing: held.head, after: held.runNumber)
        if !isKept { try end(name, answer.evaluation.isUnchanging ? .unchanged : .failed) }
        return outcome(of: answer.evaluation)
    }

    private mutating func runAndKeep(
        on name: HeapName, replacing head: HeapHead?
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        var (worker, origin) = try await worker(for: name, at: head)
        do throws(ExecutionFailure) {
            let delay = service.unwritten.delay(for: name)
            let answer = try await ask(&worker, on: origin, saving: saving, delay: delay)
            let isKept = try keep(
                answer, for: delay, by: worker, name, replacing: head, after: head?.runNumber ?? 0)
            if isKept {
                report.created = head == nil
                return outcome(of: answer.evaluation)
            }
            try end(name, .failed)
            if answer.evaluation.isUnchanging, let head {
                report.version = head.version
                service.pool.keepWarm(
                    worker,
                    holding: LiveHeap(
                        name: name, version: head.version, byteCount: head.snapshotByteCount))
            } else {
                service.pool.retire(worker)
            }
            return outcome(of: answer.evaluation)
        } catch {
            service.pool.retire(worker)
            throw error
        }
    }

    /// Notes what the worker keeps; whether it keeps anything.
    private mutating func keep(
        _ answer: Answer, for delay: Duration, by worker: WorkerProcess, _ name: HeapName,
        replacing head: HeapHead?, after runNumber: UInt32
    ) throws(ExecutionFailure) -> Bool {
        switch answer.snapshot {
        case .kept: break
        case .notSerializable(let reason): throw .notSerializable(reason)
        case nil, .made, .tooLarge, .outOfMemory: return false
        }
        // From here on it counts.
        try running.beginCommit()
        let loss = service.unwritten.keep(
            name, by: worker, replacing: head,
            run: describe(answer.evaluation, by: worker, runNumber: runNumber &+ 1), delay: delay)
        if let loss { throw try service.unwritten.failure(telling: [(name, loss)], claim) }
        report.isDurable = false
        return true
    }

    /// Ends the run for its heap.
    ///
    /// - Throws: what was lost under it.
    private func end(
        _ name: HeapName, _ ending: UnwrittenHeaps.HeapState.Ending
    ) throws(ExecutionFailure) {
        guard let loss = service.unwritten.end(name, ending) else { return }
        throw try service.unwritten.failure(telling: [(name, loss)], claim)
    }
}

extension Evaluation {
    /// Whether nothing of the code ran.
    var isUnchanging: Bool {
        if case .exception(let error) = outcome { error.kind == .syntax } else { false }
    }
}
