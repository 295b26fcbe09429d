internal import Heaps
internal import WorkerProtocol

/// One execution's way from its heap to a worker and back.
struct Run {
    /// What a script runs on.
    enum Origin {
        case stateless
        case newHeap
        /// A version that has to be loaded.
        case version(HeapVersion)
        /// What the worker holds.
        case live(HeapHead)
    }

    var report: ExecutionReport
    let request: ExecutionRequest
    let running: RunningExecution
    let service: ExecutionService
    let onConsole: @Sendable (ConsoleLine) -> Void

    init(
        _ request: ExecutionRequest, _ running: RunningExecution, in service: ExecutionService,
        onConsole: @escaping @Sendable (ConsoleLine) -> Void
    ) {
        self.request = request
        self.running = running
        self.service = service
        self.onConsole = onConsole
        report = ExecutionReport(id: running.id, outcome: .failure(.cancelled))
    }

    /// Runs the script; what is learned on the way is in the report whatever comes of it.
    mutating func perform() async throws(ExecutionFailure) -> ExecutionOutcome {
        guard let reference = request.heap else { return try await runAndForget(on: .stateless) }
        switch reference {
        case .head(let name):
            report.heap = name
            try await service.queue.takeTurn(on: name)
            defer { service.queue.passTurn(on: name) }
            return try await runOnHead(of: name)
        case .inHistory(let name, _):
            report.heap = name
            let head = try await stored { [service] () throws(HeapError) in
                try await service.repository.head(of: name)
            }
            try refuseQuarantined(head)
        case .version: break
        }
        let version = try await stored { [service] () throws(HeapError) in
            try await service.repository.resolve(reference).version
        }
        report.version = version
        return try await runAndForget(on: .version(version))
    }

    private mutating func runOnHead(
        of name: HeapName
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        let head = try await stored { [service] () throws(HeapError) in
            try await service.repository.head(of: name)
        }
        report.version = head?.version
        try refuseQuarantined(head)
        switch request.saving {
        case .commit: return try await runAndCommit(to: name, replacing: head)
        case .discard:
            // Not on the warm worker: the next run that is to be saved wants it as it is.
            let origin = head.map { Origin.version($0.version) } ?? .newHeap
            return try await runAndForget(on: origin)
        }
    }

    private mutating func runAndForget(
        on origin: Origin
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        var worker = try await service.pool.takeSpare()
        defer { service.pool.retire(worker) }
        let answer = try await ask(&worker, on: origin, saving: .never)
        return outcome(of: answer.evaluation)
    }

    private mutating func runAndCommit(
        to name: HeapName, replacing head: HeapHead?
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        var worker: WorkerProcess
        let origin: Origin
        if let warm = service.pool.takeWarm(name, at: head?.version), let head {
            worker = warm
            origin = .live(head)
        } else {
            worker = try await service.pool.takeSpare()
            origin = head.map { .version($0.version) } ?? .newHeap
        }
        do throws(ExecutionFailure) {
            let saving: EvaluateRequest.Saving =
                request.onException == .keep ? .onValueOrException : .onValue
            let answer = try await ask(&worker, on: origin, saving: saving)
            if let held = try await settle(answer, by: worker, name, replacing: head) {
                service.pool.keepWarm(worker, holding: held)
            } else {
                service.pool.retire(worker)
            }
            return outcome(of: answer.evaluation)
        } catch {
            service.pool.retire(worker)
            throw error
        }
    }

    /// Stores what a run left behind; returns what its worker holds if that is worth keeping.
    private mutating func settle(
        _ answer: Answer, by worker: WorkerProcess, _ name: HeapName, replacing head: HeapHead?
    ) async throws(ExecutionFailure) -> HeldHeap? {
        let heapByteCount = Int(clamping: answer.evaluation.heapByteCount)
        switch answer.snapshot {
        case nil:
            // Code that does not parse changed nothing; everything else that is not saved did, or
            // may have.
            guard case .exception(let error) = answer.evaluation.outcome, error.kind == .syntax,
                let head
            else { return nil }
            try await shared { [worker] in try await worker.discardSnapshot() }
            return HeldHeap(name: name, version: head.version, byteCount: heapByteCount)
        case .made(let byteCount, _):
            let snapshot = try await shared { [worker] in
                try await worker.takeSnapshot(byteCount: Int(clamping: byteCount))
            }
            let run = RunDescription(
                engine: worker.engine,
                durationMicroseconds: answer.evaluation.microseconds,
                heapByteCount: answer.evaluation.heapByteCount,
                runNumber: (head?.runNumber ?? 0) &+ 1, code: request.code)
            try running.beginCommit()
            let new = try await commit(snapshot, to: name, replacing: head, by: run)
            report.version = new.version
            report.created = head == nil
            report.statistics.snapshotByteCount = snapshot.count
            return HeldHeap(name: name, version: new.version, byteCount: heapByteCount)
        case .notSerializable(let reason):
            throw .notSerializable(reason)
        case .tooLarge(let byteCount, let limit):
            throw .notSerializable(
                "its snapshot takes \(byteCount) bytes, and at most \(limit) are kept.")
        }
    }

    /// Lets a commit run to its end whatever happens to the caller's task: half a commit helps
    /// nobody.
    private func commit(
        _ snapshot: [UInt8], to name: HeapName, replacing head: HeapHead?, by run: RunDescription
    ) async throws(ExecutionFailure) -> HeapHead {
        let repository = service.repository
        let committing = Task { () async -> Result<HeapHead, HeapError> in
            do throws(HeapError) {
                return .success(
                    try await repository.commit(snapshot, to: name, replacing: head, by: run))
            } catch {
                return .failure(error)
            }
        }
        return try await stored { () throws(HeapError) in try await committing.value.get() }
    }
}
