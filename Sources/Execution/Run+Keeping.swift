internal import Heaps
internal import WorkerProtocol

extension Run {
    /// Runs on a heap whose state is written later: the answer says `durable: false`.
    mutating func runAndKeep(on name: HeapName) async throws(ExecutionFailure) -> ExecutionOutcome {
        let unwritten = service.unwritten
        if let failure = unwritten.takeFailure(of: name) { throw failure }
        guard let held = await unwritten.take(name) else {
            let head = try await stored { [service] () throws(HeapError) in
                try await service.repository.head(of: name)
            }
            try refuseQuarantined(head)
            return try await runAndKeep(on: name, replacing: head)
        }
        var worker = held.worker
        do throws(ExecutionFailure) {
            let origin = Origin.unwritten(runNumber: held.runNumber)
            let delay = unwritten.delay(for: name)
            let answer = try await ask(&worker, on: origin, saving: saving, delay: delay)
            let isKept = try keep(
                answer, for: delay, by: worker, name, replacing: held.head, after: held.runNumber)
            if isKept {
                return outcome(of: answer.evaluation)
            }
            if answer.evaluation.isUnchanging {
                unwritten.giveBack(name)
            } else {
                unwritten.spoil(name)
            }
            return outcome(of: answer.evaluation)
        } catch {
            let microseconds = (service.timeline.now - running.arrival) / .microseconds(1)
            let lateRun = RunDescription(
                engine: worker.engine, durationMicroseconds: UInt64(microseconds),
                heapByteCount: 0, runNumber: held.runNumber &+ 1, code: request.code)
            unwritten.spoil(name, lateRun: lateRun)
            // The worker may have been ended because its heap was lost under the run.
            throw unwritten.takeFailure(of: name) ?? error
        }
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
            } else if answer.evaluation.isUnchanging, let head {
                report.version = head.version
                service.pool.keepWarm(
                    worker,
                    holding: HeldHeap(
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
        case nil, .made, .tooLarge: return false
        }
        try running.beginCommit()
        service.unwritten.keep(
            name, by: worker, replacing: head,
            run: describe(answer.evaluation, by: worker, runNumber: runNumber &+ 1), delay: delay)
        report.isDurable = false
        return true
    }
}

extension Evaluation {
    /// Whether nothing of the code ran.
    var isUnchanging: Bool {
        if case .exception(let error) = outcome { error.kind == .syntax } else { false }
    }
}
