package import Heaps
internal import Logging
package import WorkerProtocol

/// A question about a heap, which is looked at and not run.
package struct InspectionRequest: Hashable, Sendable {
    /// The heap, or one of its versions.
    package var heap: HeapReference
    /// What is asked.
    package var question: InspectRequest.Question
    /// The most bytes of JSON that come back.
    package var byteCountMax: Int
    /// How long it may take with all its waiting; nil for the default.
    package var timeout: Duration?
    /// Whether a heap is looked at that is quarantined.
    package var quarantined = QuarantinedHeaps.refuse

    /// What is done about a heap that is quarantined.
    package enum QuarantinedHeaps: Hashable, Sendable {
        case refuse
        /// For who is to find out what is wrong with it.
        case accept
    }

    /// Makes a question.
    package init(
        heap: HeapReference, question: InspectRequest.Question, byteCountMax: Int,
        timeout: Duration? = nil, quarantined: QuarantinedHeaps = .refuse
    ) {
        self.quarantined = quarantined
        self.heap = heap
        self.question = question
        self.byteCountMax = byteCountMax
        self.timeout = timeout
    }
}

/// What was found out about a version.
package struct HeapInspection: Hashable, Sendable {
    /// The version that was looked at.
    package let version: HeapVersion
    /// A JSON object in UTF-8, from a process that is not trusted; empty for a profile.
    package let json: [UInt8]
}

extension ExecutionService {
    /// Bytes of a profile that are in memory at a time.
    private static let profilePieceByteCount = 4 << 20
    /// How many workers in a row may turn out to be gone before one is worth telling of.
    private static let workerCountMax = 8

    /// Finds out something about a heap without running any code of it.
    ///
    /// It looks at the version as it is stored, in a worker of its own: neither a run that is under
    /// way nor a warm worker is disturbed.
    ///
    /// - Parameter onProfile: called with the pieces of a profile, in order; returns whether it
    ///   wants more.
    package func inspect(
        _ request: InspectionRequest,
        onProfile: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) async throws(ExecutionFailure) -> HeapInspection {
        try await bounded(by: request.timeout) { running throws(ExecutionFailure) in
            try await self.look(request, running, onProfile)
        }
    }

    private func look(
        _ request: InspectionRequest, _ running: RunningExecution,
        _ onProfile: @Sendable ([UInt8]) -> Bool
    ) async throws(ExecutionFailure) -> HeapInspection {
        if let name = request.heap.name {
            try await flush(.heap(name), for: running)
            let head = try await storage(for: running) { [repository] () throws(HeapError) in
                try await repository.head(of: name)
            }
            if request.quarantined == .refuse { try refuseQuarantined(head) }
        }
        let version = try await storage(for: running) { [repository] () throws(HeapError) in
            try await repository.resolve(request.heap).version
        }
        try refuseSuspect(version)
        for _ in 1..<ExecutionService.workerCountMax {
            if let found = try await ask(request, version, running, onProfile) { return found }
        }
        throw ExecutionFailure(.workerLost, "No worker lived long enough to be asked.")
    }

    /// Asks one worker; nil if it was gone before it could hear the question.
    private func ask(
        _ request: InspectionRequest, _ version: HeapVersion, _ running: RunningExecution,
        _ onProfile: @Sendable ([UInt8]) -> Bool
    ) async throws(ExecutionFailure) -> HeapInspection? {
        let worker = try await pool.takeSpare()
        defer { pool.retire(worker) }
        let engine = worker.engine
        let snapshot = try await storage(for: running) { [repository] () throws(HeapError) in
            try await repository.load(version, for: engine).snapshot
        }
        do { try await worker.offer(snapshot) } catch { throw .sharedMemory(error) }
        try running.beginEvaluation()
        let milliseconds = max(1, running.timeLeft / .milliseconds(1))
        let answer = await worker.inspect(
            InspectRequest(
                snapshotByteCount: UInt64(snapshot.count),
                timeoutMilliseconds: UInt32(clamping: Int(milliseconds)),
                byteCountMax: UInt32(clamping: request.byteCountMax),
                question: request.question))
        guard answer.ending == .complete, let report = answer.inspection else {
            if answer.ending == .unheard { return nil }
            let postMortem = await worker.postMortem()
            if answer.ending == .died, postMortem.failure?.isIncident == true {
                await noteIncident(of: request.heap, at: version, holding: nil, by: running)
            }
            throw failure(of: answer, by: worker, postMortem)
        }
        switch report {
        case .described(let json): return HeapInspection(version: version, json: json)
        case .profiled(let byteCount):
            try await hand(Int(clamping: byteCount), of: worker, to: onProfile)
            return HeapInspection(version: version, json: [])
        case .outOfTime: throw .inspectionTimeout(running.timeout)
        case .outOfMemory: throw .outOfMemory
        case .tooLarge: throw .profileTooLarge
        }
    }

    private func hand(
        _ byteCount: Int, of worker: WorkerProcess, to onProfile: @Sendable ([UInt8]) -> Bool
    ) async throws(ExecutionFailure) {
        var offset = 0
        while offset < byteCount {
            let count = min(ExecutionService.profilePieceByteCount, byteCount - offset)
            let piece: [UInt8]
            do { piece = try await worker.takePart(at: offset, byteCount: count) } catch {
                throw .sharedMemory(error)
            }
            guard onProfile(piece) else { return }
            offset += count
        }
    }

    private func failure(
        of answer: WorkerAnswer, by worker: WorkerProcess, _ postMortem: PostMortem
    ) -> ExecutionFailure {
        switch answer.ending {
        case .complete, .killed: return .shuttingDown
        case .violated(let violation):
            logger.warning(
                "Worker broke the protocol",
                metadata: ["worker.id": "\(worker.id)", "violation": "\(violation)"])
            return ExecutionFailure(
                .workerLost, "The worker did what it must not do and was ended.")
        case .died, .unheard: return postMortem.failureWhileRunning
        }
    }
}

extension ExecutionFailure {
    fileprivate static func sharedMemory(_ error: any Error) -> ExecutionFailure {
        ExecutionFailure(.workerLost, "Memory shared with the worker failed: \(error)")
    }

    fileprivate static func inspectionTimeout(_ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .timeout,
            "The heap could not be looked through within \(timeout.inSeconds): ask for less.")
    }

    fileprivate static let profileTooLarge = ExecutionFailure(
        .outputLimit, "The heap is too large for a profile of all its objects.")
}
