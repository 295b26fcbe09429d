internal import Heaps
internal import Logging
internal import WorkerProtocol

extension Run {
    /// A worker's answer that is as it should be.
    struct Answer {
        var evaluation: Evaluation
        var snapshot: SnapshotReport?
    }

    /// How many workers in a row may turn out to be gone before one is worth telling of.
    private static let workerCountMax = 8

    /// Has a worker run the script; one that is gone already is replaced by a fresh one.
    mutating func ask(
        _ worker: inout WorkerProcess, on origin: Origin, saving: EvaluateRequest.Saving,
        delay: Duration = .zero
    ) async throws(ExecutionFailure) -> Answer {
        var origin = origin
        var workerCount = 1
        while true {
            let answer = try await evaluate(
                on: worker, from: origin, saving: saving, delay: delay)
            var isReplaceable = workerCount < Run.workerCountMax
            // Nobody else has what was not written.
            if case .unwritten = origin { isReplaceable = false }
            guard answer.ending == .unheard, isReplaceable else {
                return try await check(answer, by: worker)
            }
            workerCount += 1
            service.pool.retire(worker)
            worker = try await takeSpare()
            if case .live(let head) = origin { origin = .version(head.version) }
        }
    }

    /// A worker that nobody has used.
    func takeSpare() async throws(ExecutionFailure) -> WorkerProcess {
        guard service.pool.isFull else { return try await service.pool.takeSpare() }
        return try await running.waiting(for: .workers) {
            [pool = service.pool] () throws(ExecutionFailure) in
            try await pool.takeSpare()
        }
    }

    private mutating func evaluate(
        on worker: WorkerProcess, from origin: Origin, saving: EvaluateRequest.Saving,
        delay: Duration
    ) async throws(ExecutionFailure) -> WorkerAnswer {
        let (state, runNumber) = try await prepare(worker, for: origin)
        try running.beginEvaluation()
        let milliseconds = max(1, running.timeLeft / .milliseconds(1))
        let request = EvaluateRequest(
            state: state, saving: saving, runNumber: runNumber,
            savingDelayMilliseconds: UInt32(clamping: Int(delay / .milliseconds(1))),
            timeoutMilliseconds: UInt32(clamping: Int(milliseconds)),
            outputByteCountMax: UInt32(clamping: service.limits.outputByteCountMax),
            code: request.code)
        return await worker.evaluate(request, onConsole: onConsole)
    }

    private mutating func check(
        _ answer: WorkerAnswer, by worker: WorkerProcess
    ) async throws(ExecutionFailure) -> Answer {
        report.console = answer.console
        if let evaluation = answer.evaluation {
            report.statistics.evaluation = .microseconds(Int64(clamping: evaluation.microseconds))
            report.statistics.heapByteCount = Int(clamping: evaluation.heapByteCount)
        }
        guard case .complete = answer.ending, let evaluation = answer.evaluation else {
            throw await failure(of: answer, by: worker)
        }
        return Answer(evaluation: evaluation, snapshot: answer.snapshot)
    }

    /// What the caller is told of a script that is over.
    func outcome(of evaluation: Evaluation) -> ExecutionOutcome {
        switch evaluation.outcome {
        case .value(let value): .value(value)
        case .exception(let error): .failure(ExecutionFailure(error))
        case .timeout(let pending): .failure(running.overdue(pending: pending))
        case .unsettled(let places): .failure(.unsettled(places))
        case .outOfMemory: .failure(.outOfMemory)
        }
    }

    /// Does something with the memory shared with a worker.
    func shared<Result>(
        _ body: () async throws -> Result
    ) async throws(ExecutionFailure) -> Result {
        do { return try await body() } catch {
            throw ExecutionFailure(.workerLost, "Memory shared with the worker failed: \(error)")
        }
    }

    private func prepare(
        _ worker: WorkerProcess, for origin: Origin
    ) async throws(ExecutionFailure) -> (EvaluateRequest.State, runNumber: UInt32) {
        switch origin {
        case .stateless: return (.stateless, 1)
        case .newHeap: return (.newHeap, 1)
        case .live(let head): return (.live, head.runNumber &+ 1)
        case .unwritten(let runNumber): return (.live, runNumber &+ 1)
        case .version(let version):
            let heap = try await stored { [service] () throws(HeapError) in
                try await service.repository.load(version, for: worker.engine)
            }
            try await shared { try await worker.offer(heap.snapshot) }
            let state = EvaluateRequest.State.snapshot(byteCount: UInt64(heap.snapshot.count))
            return (state, heap.record.runNumber &+ 1)
        }
    }

    private func failure(
        of answer: WorkerAnswer, by worker: WorkerProcess
    ) async -> ExecutionFailure {
        switch answer.ending {
        case .complete, .killed:
            if running.isOverdue { service.events.onWorkerFailure(.deadline) }
            // Who stops an execution says why; what is left is the end of the server.
            return .shuttingDown
        case .violated(let violation):
            service.logger.warning(
                "Worker broke the protocol",
                metadata: ["worker.id": "\(worker.id)", "violation": "\(violation)"])
            return ExecutionFailure(
                .workerLost, "The worker did what it must not do and was ended.")
        case .died, .unheard:
            let postMortem = await worker.postMortem()
            service.logger.warning(
                "Worker died",
                metadata: [
                    "worker.id": "\(worker.id)", "exit": "\(postMortem.exitText)",
                    "execution.id": "\(running.id)",
                    "reason": "\(postMortem.failure?.rawValue ?? "template_ended")",
                ])
            if postMortem.failure?.isIncident == true, answer.ending == .died {
                await service.noteIncident(
                    of: reference, at: report.version, holding: turn, by: running)
            }
            return answer.evaluation == nil
                ? postMortem.failureWhileRunning : postMortem.failureWhileSaving
        }
    }
}
