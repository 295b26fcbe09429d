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
        /// What the worker holds, which is not written yet.
        case unwritten(runNumber: UInt32)
    }

    var report: ExecutionReport
    /// The heap whose turn it has.
    private(set) var turn: HeapName?
    /// What it runs on, once that is known.
    private(set) var reference: HeapReference?
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
        self.reference = reference
        switch reference {
        case .head(let name):
            report.heap = name
            try await service.takeTurn(on: name, for: running)
            turn = name
            defer { service.queue.passTurn(on: name) }
            if let version = try await versionMeant(by: name) {
                report.heap = nil
                self.reference = .version(version)
                return try await run(on: version)
            }
            return try await runOnHead(of: name)
        case .inHistory(let name, _):
            report.heap = name
            try await service.flush(.heap(name), for: running)
            let head = try await stored { [service] () throws(HeapError) in
                try await service.repository.head(of: name)
            }
            try refuseQuarantined(head)
        case .version: break
        }
        let version = try await stored { [service] () throws(HeapError) in
            try await service.repository.resolve(reference).version
        }
        return try await run(on: version)
    }

    /// A version never changes: nothing of such a run is saved.
    private mutating func run(
        on version: HeapVersion
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        report.version = version
        try service.refuseSuspect(version)
        return try await runAndForget(on: .version(version))
    }

    /// The version that is meant by what could be a new heap's name: the first digits of its own.
    private func versionMeant(by name: HeapName) async throws(ExecutionFailure) -> HeapVersion? {
        guard HeapReference.isPrefix(name) else { return nil }
        return try await stored { [service] () throws(HeapError) in
            guard try await service.repository.head(of: name) == nil else { return nil }
            return try await service.repository.keptVersion(startingAs: name)?.version
        }
    }

    private mutating func runOnHead(
        of name: HeapName
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        if case (.commit, .relaxed) = (request.saving, service.limits.durability) {
            return try await runAndKeep(on: name)
        }
        try await service.flush(.heap(name), for: running)
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
        var worker = try await takeSpare()
        defer { service.pool.retire(worker) }
        let answer = try await ask(&worker, on: origin, saving: .never)
        return outcome(of: answer.evaluation)
    }

    private mutating func runAndCommit(
        to name: HeapName, replacing head: HeapHead?
    ) async throws(ExecutionFailure) -> ExecutionOutcome {
        var (worker, origin) = try await worker(for: name, at: head)
        do throws(ExecutionFailure) {
            let answer = try await ask(&worker, on: origin, saving: saving)
            if let live = try await store(answer, by: worker, name, replacing: head) {
                service.pool.keepWarm(worker, holding: live)
            } else {
                service.pool.retire(worker)
            }
            return outcome(of: answer.evaluation)
        } catch {
            service.pool.retire(worker)
            throw error
        }
    }

    /// The worker that holds a heap, or a fresh one, and what a run on it starts from.
    func worker(
        for name: HeapName, at head: HeapHead?
    ) async throws(ExecutionFailure) -> (WorkerProcess, Origin) {
        if let warm = service.pool.takeWarm(name, at: head?.version), let head {
            return (warm, .live(head))
        }
        if service.pool.isFull { service.unwritten.hasten() }
        let spare = try await takeSpare()
        return (spare, head.map { .version($0.version) } ?? .newHeap)
    }

    /// Which outcomes of this run are saved.
    var saving: EvaluateRequest.Saving {
        request.onException == .keep ? .onValueOrException : .onValue
    }

    /// What is stored of a run beside its snapshot.
    func describe(
        _ evaluation: Evaluation, by worker: WorkerProcess, runNumber: UInt32
    ) -> RunDescription {
        RunDescription(
            engine: worker.engine, durationMicroseconds: evaluation.microseconds,
            heapByteCount: evaluation.heapByteCount, runNumber: runNumber, code: request.code)
    }

    /// Stores what a run left behind; returns what its worker holds if that is worth keeping.
    private mutating func store(
        _ answer: Answer, by worker: WorkerProcess, _ name: HeapName, replacing head: HeapHead?
    ) async throws(ExecutionFailure) -> LiveHeap? {
        let heapByteCount = Int(clamping: answer.evaluation.heapByteCount)
        switch answer.snapshot {
        case nil:
            // Everything that is not saved changed the heap, or may have, but code that does not
            // parse.
            guard answer.evaluation.isUnchanging, let head else { return nil }
            try await shared { [worker] in try await worker.discardSnapshot() }
            return LiveHeap(name: name, version: head.version, byteCount: heapByteCount)
        case .made(let byteCount, _):
            let snapshot = try await shared { [worker] in
                try await worker.takeSnapshot(byteCount: Int(clamping: byteCount), slot: 0)
            }
            let run = describe(
                answer.evaluation, by: worker, runNumber: (head?.runNumber ?? 0) &+ 1)
            try running.beginCommit()
            let place = WorkerPlace(worker, in: service)
            defer { place.end() }
            let new = try await commit(snapshot, to: name, replacing: head, by: run)
            report.version = new.version
            report.created = head == nil
            report.statistics.snapshotByteCount = snapshot.count
            guard !place.isGivenUp else { return nil }
            return LiveHeap(name: name, version: new.version, byteCount: heapByteCount)
        case .notSerializable(let reason):
            throw .notSerializable(reason)
        case .kept, .outOfMemory:
            // The request did not ask for that; ReplySequence has seen to it.
            return nil
        case .tooLarge(let byteCount, let limit):
            throw .notSerializable(
                "its snapshot takes \(byteCount) bytes, and at most \(limit) are kept.")
        }
    }

    /// Commits, and lets the storage go on with that if it takes too long: half a commit helps
    /// nobody. Its version is not seen then, unless the head's move was begun.
    private func commit(
        _ snapshot: [UInt8], to name: HeapName, replacing head: HeapHead?, by run: RunDescription
    ) async throws(ExecutionFailure) -> HeapHead {
        try await stored { [service, running] () throws(HeapError) in
            try await service.repository.commit(
                snapshot, to: name, replacing: head, by: run
            ) { () throws(HeapError) in
                do throws(ExecutionFailure) {
                    try running.beginChange(.storedPerhaps(running.timeout))
                } catch {
                    throw .storageUnavailable(path: "heads", reason: "the run was given up")
                }
            }
        }
    }

    /// Does something with storage, and says what a refusal means to the caller.
    func stored<Result: Sendable>(
        _ body: @escaping @Sendable () async throws(HeapError) -> Result
    ) async throws(ExecutionFailure) -> Result {
        try await service.storage(for: running, holding: turn, body)
    }
}

extension Run {
    /// Refuses a heap that is quarantined.
    func refuseQuarantined(_ head: HeapHead?) throws(ExecutionFailure) {
        try service.refuseQuarantined(head)
    }
}
