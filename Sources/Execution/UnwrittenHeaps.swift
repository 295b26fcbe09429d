internal import Heaps
internal import Logging
import Synchronization
internal import WorkerProtocol

/// Heaps whose last states are in workers only, for a moment: with durability `relaxed` a run is
/// answered before its state is written.
///
/// A fork of the worker keeps the state and writes it when its time has come. Whatever is done to
/// such a heap but running on it waits until everything is written.
final class UnwrittenHeaps: Sendable {
    /// What the next run on such a heap starts from.
    struct Held {
        let worker: WorkerProcess
        /// Where the heap is in the storage; nil if it is not there yet.
        let head: HeapHead?
        /// The number of the run that left the state behind.
        let runNumber: UInt32
    }

    private struct Entry {
        let worker: WorkerProcess
        var head: HeapHead?
        var runs: UnwrittenRuns
        var runNumber: UInt32
        var use: Use
        /// A run that was given up, and that the worker may have finished all the same: then its
        /// state has taken the place of those before.
        var lateRun: RunDescription?
        var waiting: [CheckedContinuation<Void, Never>] = []

        mutating func keep(_ run: RunDescription, at now: Duration, delay: Duration) {
            runs.append(run, at: now, delay: delay)
            runNumber = run.runNumber
            use = .idle
        }
    }

    private enum Use {
        /// Waits for the next run.
        case idle
        /// A run has the worker.
        case running
        /// The worker's isolate is not what the heap is: it ends once the heap is written.
        case spoiled
    }

    private struct State {
        var entries: [HeapName: Entry] = [:]
        /// Whose `saved` is listened to.
        var listening: Set<UInt64> = []
        /// What is to be told to the next run on a heap.
        var failures: [HeapName: ExecutionFailure] = [:]
        var lossCount: UInt64 = 0
    }

    /// What has come of a heap is told once, of so many heaps at most.
    private static let failureCountMax = 10_000

    private let repository: HeapRepository
    private let pool: WorkerPool
    private let limits: ExecutionLimits
    private let timeline: Timeline
    private let logger: Logger
    private let state = Mutex(State())

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
    var count: Int { state.withLock(\.entries.count) }

    /// How often states were lost since the start.
    var lossCount: UInt64 { state.withLock(\.lossCount) }

    /// Why an earlier run's state was lost; told once.
    func takeFailure(of name: HeapName) -> ExecutionFailure? {
        state.withLock { $0.failures.removeValue(forKey: name) }
    }

    /// Lends the state of a heap to a run, which must have the heap's turn and give the worker back
    /// by ``keep(_:_:_:by:)``, ``giveBack(_:)`` or ``spoil(_:)``.
    func take(_ name: HeapName) async -> Held? {
        let isSpoiled = state.withLock { state in
            if case .spoiled = state.entries[name]?.use { true } else { false }
        }
        if isSpoiled { await settle(name) }
        return state.withLock { state in
            guard let entry = state.entries[name] else { return nil }
            state.entries[name]?.use = .running
            return Held(worker: entry.worker, head: entry.head, runNumber: entry.runNumber)
        }
    }

    /// How long a fork may keep the state of the next run on a heap. The shortest means that it is
    /// written whatever runs follow.
    func delay(for name: HeapName) -> Duration {
        let now = timeline.now
        let (delay, count) = state.withLock { state in
            (state.entries[name]?.runs.delay(at: now), state.entries.count)
        }
        // Workers with unwritten heaps cannot be had for others.
        guard count * 4 < limits.workersMax * 3, !pool.isFull else { return UnwrittenRuns.delayMin }
        return delay ?? limits.savingDelay
    }

    /// Notes that a worker keeps the state of one more run.
    func keep(
        _ name: HeapName, by worker: WorkerProcess, replacing head: HeapHead?,
        run: RunDescription, delay: Duration
    ) {
        worker.holdsUnwritten.store(true, ordering: .sequentiallyConsistent)
        let isNew = state.withLock { state in
            let new = Entry(
                worker: worker, head: head,
                runs: UnwrittenRuns(savingDelay: limits.savingDelay), runNumber: 0, use: .idle)
            // In place: a copy would be one of all the runs.
            state.entries[name, default: new].keep(run, at: timeline.now, delay: delay)
            return state.listening.insert(worker.id).inserted
        }
        if isNew { Task { await self.listen(to: worker, about: name) } }
        settleWhatIsWritten(name)
    }

    /// Takes a worker back that a run has not changed.
    func giveBack(_ name: HeapName) {
        state.withLock { $0.entries[name]?.use = .idle }
        settleWhatIsWritten(name)
    }

    /// Takes a worker back that a run has left in a state which the heap shall not have.
    ///
    /// - Parameter lateRun: the run, where the worker may go on with it.
    func spoil(_ name: HeapName, lateRun: RunDescription? = nil) {
        let worker = state.withLock { state in
            state.entries[name]?.use = .spoiled
            if let lateRun { state.entries[name]?.lateRun = lateRun }
            return state.entries[name]?.worker
        }
        worker?.saveNow()
        settleWhatIsWritten(name)
    }

    /// Waits until a heap is written, or lost.
    func settle(_ name: HeapName) async {
        guard let worker = state.withLock({ $0.entries[name]?.worker }) else { return }
        worker.saveNow()
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                guard state.entries[name] != nil else { return true }
                state.entries[name]?.waiting.append(continuation)
                return false
            }
            if isSettled { continuation.resume() }
        }
    }

    /// Waits until every heap is written, or lost.
    func settleAll() async {
        for name in state.withLock({ Array($0.entries.keys) }) { await settle(name) }
    }

    /// Has every heap written that waits for its time, so that its worker can be had.
    func hasten() {
        for worker in state.withLock({ $0.entries.values.map(\.worker) }) { worker.saveNow() }
    }

    /// Looks after workers that do not write in time, until it is cancelled.
    func watch() async {
        while (try? await timeline.sleep(until: timeline.now + .seconds(1))) != nil {
            let now = timeline.now
            let late = state.withLock { state in state.entries.filter { $1.runs.isLate(at: now) } }
            for (name, entry) in late {
                // A worker tells then of a fork that ended without a word.
                entry.worker.saveNow()
                guard let oldest = entry.runs.oldest, now - oldest > limits.savingTimeout else {
                    continue
                }
                lose(name, of: entry.worker, "its worker did not serialise it in time")
            }
        }
    }

    private func listen(to worker: WorkerProcess, about name: HeapName) async {
        for await saved in worker.saved { await write(saved, of: worker, name) }
        state.withLock { _ = $0.listening.remove(worker.id) }
        lose(name, of: worker, "its worker ended")
    }

    private func write(
        _ saved: SavedSnapshot, of worker: WorkerProcess, _ name: HeapName
    ) async {
        let heard = timeline.now
        let due = state.withLock { state -> (HeapHead?, RunDescription)? in
            guard let entry = state.entries[name], entry.worker.id == worker.id else { return nil }
            let runs = entry.runs.descriptions + [entry.lateRun].compactMap(\.self)
            return runs.first { $0.runNumber == saved.runNumber }.map { (entry.head, $0) }
        }
        guard let (head, run) = due else { return worker.release(slot: saved.slot) }
        guard case .made(let byteCount, let microseconds) = saved.report else {
            return lose(name, of: worker, saved.report.reason)
        }
        do {
            let snapshot = try await worker.takeSnapshot(
                byteCount: Int(clamping: byteCount), slot: Int(saved.slot))
            worker.release(slot: saved.slot)
            let new = try await repository.commit(snapshot, to: name, replacing: head, by: run)
            state.withLock { state in
                guard state.entries[name]?.worker.id == worker.id else { return }
                state.entries[name]?.head = new
                state.entries[name]?.runs.removeWritten(
                    upTo: saved.runNumber, at: timeline.now,
                    took: timeline.now - heard + .microseconds(Int64(clamping: microseconds)))
            }
            settleWhatIsWritten(name)
        } catch {
            lose(name, of: worker, "\(error)")
        }
    }

    /// Lets go of a heap of which everything is written and that nobody uses.
    private func settleWhatIsWritten(_ name: HeapName) {
        let settled = state.withLock { state -> Entry? in
            guard let entry = state.entries[name], entry.runs.isEmpty else { return nil }
            if case .running = entry.use { return nil }
            state.entries[name] = nil
            return entry
        }
        guard let entry = settled else { return }
        entry.worker.holdsUnwritten.store(false, ordering: .sequentiallyConsistent)
        if case .idle = entry.use, let head = entry.head {
            pool.keepWarm(
                entry.worker,
                holding: HeldHeap(
                    name: name, version: head.version, byteCount: head.snapshotByteCount))
        } else {
            pool.retire(entry.worker)
        }
        for continuation in entry.waiting { continuation.resume() }
    }

    /// Gives up what is not written. It is told: in the log, in the metrics, to the next run.
    private func lose(_ name: HeapName, of worker: WorkerProcess, _ reason: String) {
        let lost = state.withLock { state -> Entry? in
            guard let entry = state.entries[name], entry.worker.id == worker.id else { return nil }
            state.entries[name] = nil
            guard !entry.runs.isEmpty else { return entry }
            state.lossCount += 1
            if state.failures.count < UnwrittenHeaps.failureCountMax {
                state.failures[name] = .unwritten(runCount: entry.runs.count, reason)
            }
            return entry
        }
        guard let lost else { return }
        worker.holdsUnwritten.store(false, ordering: .sequentiallyConsistent)
        pool.retire(worker)
        if !lost.runs.isEmpty {
            logger.error(
                "Heap not written",
                metadata: [
                    "heap.name": "\(name)", "runs": "\(lost.runs.count)", "reason": "\(reason)",
                ])
        }
        for continuation in lost.waiting { continuation.resume() }
    }
}

extension ExecutionFailure {
    /// What the next run on a heap is told of the ones before it.
    fileprivate static func unwritten(runCount: Int, _ reason: String) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The heap is back at the last state that was written: what \(runCount) "
                + "run\(runCount == 1 ? "" : "s") before this one left behind could not be stored "
                + "(\(reason)). This run did nothing; the next one starts from that state.")
    }
}

extension SnapshotReport {
    /// Why there is no snapshot.
    fileprivate var reason: String {
        switch self {
        case .notSerializable(let reason): "it cannot be serialised: \(reason)"
        case .tooLarge(let byteCount, let limit):
            "its snapshot takes \(byteCount) bytes, and at most \(limit) are kept"
        case .made, .kept: ""
        }
    }
}
