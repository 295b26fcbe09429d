internal import Heaps
internal import Logging
import Synchronization
internal import WorkerProtocol

/// Heaps whose last states are in workers only, for a moment: with durability `relaxed` a run is
/// answered before its state is written.
///
/// A fork of the worker keeps the state and writes it when its time has come. Whatever is done to
/// such a heap but running on it waits until everything is written. ``UnwrittenState`` decides, and
/// this acts.
final class UnwrittenHeaps: Sendable {
    typealias HeapState = UnwrittenState<WorkerProcess>
    /// Asked before a caller is told of a loss: where it throws, the loss is left for the next.
    typealias Claim = @Sendable () throws(ExecutionFailure) -> Void

    let repository: HeapRepository
    let limits: ExecutionLimits
    let timeline: Timeline
    private let pool: WorkerPool
    private let logger: Logger
    private let table = Mutex(UnwrittenTable())

    init(
        repository: HeapRepository, pool: WorkerPool, limits: ExecutionLimits, timeline: Timeline,
        logger: Logger
    ) {
        self.repository = repository
        self.pool = pool
        self.limits = limits
        self.timeline = timeline
        self.logger = logger
    }

    /// How many heaps have states that are not written.
    var count: Int { table.withLock(\.heldCount) }

    /// How often states were lost since the start.
    var lossCount: UInt64 { table.withLock(\.lossCount) }

    /// Lends what a heap's worker has to a run, which has the heap's turn and ends by ``keep`` or
    /// ``end(_:_:)``; nil for a run that starts from what is stored.
    ///
    /// - Throws: the loss of what was answered before; `cancelled`, if the task is.
    func begin(
        _ name: HeapName, claim: Claim
    ) async throws(ExecutionFailure) -> HeapState.Holding? {
        while true {
            switch update(name, { ($0.begin(), []) }) {
            case .storage: return nil
            case .worker(let holding): return holding
            case .lost(let loss): throw try failure(telling: [(name, loss)], claim)
            case .later: try await written(name)
            }
        }
    }

    /// How long a fork may keep the state of the next run on a heap. The shortest means that it is
    /// written whatever runs follow.
    func delay(for name: HeapName) -> Duration {
        let now = timeline.now
        let delay = update(name) { ($0.delay(at: now), []) }
        // Workers with unwritten heaps cannot be had for others.
        guard count * 4 < limits.workersMax * 3, !pool.isFull else { return UnwrittenRuns.delayMin }
        return delay ?? limits.savingDelay
    }

    /// Notes that a run counts, and that a worker keeps its state.
    ///
    /// - Returns: what was lost under it: then it does not count.
    func keep(
        _ name: HeapName, by worker: WorkerProcess, replacing head: HeapHead?,
        run: RunDescription, delay: Duration
    ) -> UnwrittenLoss? {
        worker.holdsUnwritten.store(true, ordering: .sequentiallyConsistent)
        let now = timeline.now
        let loss = update(name) { state in
            let loss = state.keep(
                run, by: worker, replacing: head, delay: delay, at: now,
                savingDelay: limits.savingDelay)
            return (loss, [])
        }
        decide(name)
        guard loss == nil else { return loss }
        let isNew = table.withLock { $0.listening.insert(worker.id).inserted }
        if isNew { Task { await self.listen(to: worker, about: name) } }
        return nil
    }

    /// Ends a run that leaves no state behind. A second time changes nothing.
    ///
    /// - Returns: what was lost under it.
    func end(_ name: HeapName, _ ending: HeapState.Ending) -> UnwrittenLoss? {
        let loss = update(name) { $0.end(ending) }
        decide(name)
        return loss
    }

    /// Waits until what was answered of a heap is written, or lost.
    ///
    /// - Throws: the loss, which is told once; `cancelled`, as soon as the task is.
    func flush(
        _ name: HeapName, claim: Claim
    ) async throws(ExecutionFailure) {
        guard let loss = try await written(name) else { return }
        throw try failure(telling: [(name, loss)], claim)
    }

    /// As ``flush(_:claim:)``, of all heaps whose names start so.
    func flushAll(
        startingWith prefix: String, claim: Claim
    ) async throws(ExecutionFailure) {
        let names = table.withLock { $0.names.filter { $0.text.hasPrefix(prefix) } }
        hasten(names)
        var losses: [(name: HeapName, loss: UnwrittenLoss)] = []
        for name in names.sorted(by: { $0.text < $1.text }) {
            if let loss = try await written(name) { losses.append((name, loss)) }
        }
        guard !losses.isEmpty else { return }
        throw try failure(telling: losses, claim)
    }

    /// Waits until what was answered of a heap is written or lost, and tells nobody.
    ///
    /// - Returns: what was lost and is not told yet.
    /// - Throws: `cancelled`, as soon as the task is.
    @discardableResult
    func written(_ name: HeapName) async throws(ExecutionFailure) -> UnwrittenLoss? {
        let id = table.withLock { $0.makeWaiterID() }
        let waking = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (waking, consequences) = table.withLock { table in
                    // Whoever cancels later finds it waiting.
                    Task.isCancelled
                        ? (.gaveUp, UnwrittenTable.Consequences())
                        : table.wait(continuation, id, for: name)
                }
                act(consequences, on: name)
                if let waking { continuation.resume(returning: waking) }
            }
        } onCancel: {
            table.withLock { $0.giveUp(id, waitingFor: name) }?.resume(returning: .gaveUp)
        }
        switch waking {
        case .stored: return nil
        case .lost(let loss): return loss
        case .gaveUp: throw .cancelled
        }
    }

    /// Waits until every heap is written or lost, or the task is cancelled.
    func drain() async {
        hasten()
        for name in table.withLock(\.names) { _ = try? await written(name) }
    }

    /// Has every heap written that waits for its time, so that its worker can be had.
    func hasten() { hasten(table.withLock(\.names)) }

    /// What is told of losses, once the caller has claimed to be told.
    func failure(
        telling losses: [(name: HeapName, loss: UnwrittenLoss)], _ claim: Claim
    ) throws(ExecutionFailure) -> ExecutionFailure {
        try claim()
        for (name, loss) in losses {
            update(name) { state in
                state.noteTold(loss)
                return ((), [])
            }
        }
        return .unwritten(losses)
    }
}

// MARK: - What workers write

extension UnwrittenHeaps {
    /// Looks after workers that do not write in time, until it is cancelled.
    func watch() async {
        while (try? await timeline.sleep(until: timeline.now + .seconds(1))) != nil {
            let now = timeline.now
            for (name, holding) in table.withLock(\.held) {
                guard holding.isAwaited || holding.runs.isLate(at: now) else { continue }
                // A worker tells then of a fork that ended without a word.
                holding.worker.saveNow(runNumber: holding.runNumber)
                // What storage takes is storage's to bound.
                guard !holding.isStoring, let oldest = holding.runs.oldest,
                    now - oldest > limits.savingTimeout
                else { continue }
                lose(name, of: holding.worker, "its worker did not serialise it in time")
            }
        }
    }

    private func hasten(_ names: [HeapName]) {
        for holding in table.withLock({ table in names.compactMap(table.holding) }) {
            holding.worker.saveNow(runNumber: holding.runNumber)
        }
    }

    private func listen(to worker: WorkerProcess, about name: HeapName) async {
        for await saved in worker.saved { await write(saved, of: worker, name) }
        table.withLock { _ = $0.listening.remove(worker.id) }
        lose(name, of: worker, "its worker ended")
    }

    private func write(_ saved: SavedSnapshot, of worker: WorkerProcess, _ name: HeapName) async {
        let heard = timeline.now
        guard let (run, head) = await judge(saved, by: worker, name) else {
            return worker.release(slot: saved.slot, before: 0)
        }
        guard case .made(let byteCount, let microseconds) = saved.report else {
            return lose(name, of: worker, saved.report.reason)
        }
        do {
            let snapshot = try await worker.takeSnapshot(
                byteCount: Int(clamping: byteCount), slot: Int(saved.slot))
            worker.release(slot: saved.slot, before: saved.runNumber)
            let new = try await repository.commit(snapshot, to: name, replacing: head, by: run)
            let now = timeline.now
            let took = now - heard + .microseconds(Int64(clamping: microseconds))
            update(name) { state in
                let actions = state.noteStored(
                    saved.runNumber, by: worker.id, at: new, now: now, took: took)
                return ((), actions)
            }
        } catch {
            lose(name, of: worker, "\(error)")
        }
    }

    /// What to store of a state that was written down, once its run is decided; nil if its run does
    /// not count.
    private func judge(
        _ saved: SavedSnapshot, by worker: WorkerProcess, _ name: HeapName
    ) async -> (RunDescription, HeapHead?)? {
        while true {
            switch update(name, { ($0.judge(saved.runNumber, by: worker.id), []) }) {
            case .store(let run, let head): return (run, head)
            case .drop: return nil
            case .later: break
            }
            await withCheckedContinuation { continuation in
                let isDecided = table.withLock { table in
                    let (verdict, _) = table.update(name) {
                        ($0.judge(saved.runNumber, by: worker.id), [])
                    }
                    guard case .later = verdict else { return true }
                    table.awaitDecision(continuation, of: name)
                    return false
                }
                if isDecided { continuation.resume() }
            }
        }
    }

    /// Lets those go on that wait for a run to be decided.
    private func decide(_ name: HeapName) {
        for continuation in table.withLock({ $0.takeUndecided(name) }) { continuation.resume() }
    }

    /// Gives up what is not written. It is told: in the log, in the metrics, to who comes next.
    private func lose(_ name: HeapName, of worker: WorkerProcess, _ reason: String) {
        let now = timeline.now
        update(name) { ((), $0.lose(reason, of: worker.id, at: now)) }
    }
}

// MARK: - Acting

extension UnwrittenHeaps {
    /// Changes a heap's state, and does outside of the lock what follows from the change.
    @discardableResult
    private func update<Result: Sendable>(
        _ name: HeapName, _ change: (inout HeapState) -> (Result, [HeapState.Action])
    ) -> Result {
        let (result, consequences) = table.withLock { $0.update(name, change) }
        act(consequences, on: name)
        return result
    }

    private func act(_ consequences: UnwrittenTable.Consequences, on name: HeapName) {
        for action in consequences.actions {
            switch action {
            case .saveNow(let worker, let runNumber): worker.saveNow(runNumber: runNumber)
            case .keepWarm(let worker, let head):
                worker.holdsUnwritten.store(false, ordering: .sequentiallyConsistent)
                pool.keepWarm(
                    worker,
                    holding: LiveHeap(
                        name: name, version: head.version, byteCount: head.snapshotByteCount))
            case .retire(let worker):
                worker.holdsUnwritten.store(false, ordering: .sequentiallyConsistent)
                pool.retire(worker)
            case .note(let loss):
                logger.error(
                    "Heap not written",
                    metadata: [
                        "heap.name": "\(name)", "runs": "\(loss.runCount)",
                        "reason": "\(loss.reason)",
                    ])
            case .wake: break
            }
        }
        for (continuation, waking) in consequences.woken { continuation.resume(returning: waking) }
    }
}

extension ExecutionFailure {
    /// What whoever comes next is told of the runs before.
    fileprivate static func unwritten(
        _ losses: [(name: HeapName, loss: UnwrittenLoss)]
    ) -> ExecutionFailure {
        let texts = losses.map { name, loss in
            "Heap \(name) is back at the last state that was written: what \(loss.runCount) "
                + "run\(loss.runCount == 1 ? "" : "s") before this call left behind could not be "
                + "stored (\(loss.reason))."
        }
        return ExecutionFailure(
            .storage,
            texts.joined(separator: " ")
                + " This call did nothing but tell that; the next one starts from that state.")
    }
}

extension SnapshotReport {
    /// Why there is no snapshot.
    fileprivate var reason: String {
        switch self {
        case .notSerializable(let reason): "it cannot be serialised: \(reason)"
        case .tooLarge(let byteCount, let limit):
            "its snapshot takes \(byteCount) bytes, and at most \(limit) are kept"
        case .outOfMemory: "its snapshot needs more memory than a heap may have"
        case .made, .kept: ""
        }
    }
}
