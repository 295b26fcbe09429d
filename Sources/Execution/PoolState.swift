internal import Glibc
package import Heaps
internal import WorkerProtocol

/// A heap that a worker holds live.
package struct HeldHeap: Hashable, Sendable {
    /// What clients call it.
    package var name: HeapName
    /// The version that the worker holds.
    package var version: HeapVersion
    /// How much memory it takes.
    package var byteCount: Int

    /// Describes a heap in a worker.
    package init(name: HeapName, version: HeapVersion, byteCount: Int) {
        self.name = name
        self.version = version
        self.byteCount = byteCount
    }
}

/// What a pool knows of its workers, and what it decides; it acts on nothing.
struct PoolState {
    /// A worker that holds a heap.
    struct Warm {
        let heap: HeldHeap
        let since: Duration
    }

    fileprivate enum Station {
        /// Asked for. Next: `spare`, removed.
        case starting
        /// Nobody used it. Next: `busy`, `dying`.
        case spare(WorkerProcess)
        /// Somebody uses it. Next: `warm`, `dying`.
        case busy(WorkerProcess)
        /// Next: `busy`, `dying`.
        case warm(WorkerProcess, Warm)
        /// Killed, for this reason, or gone by itself, but not reaped. Next: removed.
        case dying(WorkerEndReason?)
    }

    /// What is to be done once the lock is released.
    struct Consequences {
        var handed: [(WaitLine<WorkerProcess>.Turn, WorkerProcess)] = []
        var killed: [WorkerProcess] = []
        var started: [UInt64] = []
    }

    /// How many starts in a row may fail before nobody waits for the next one.
    private static let startFailuresMax = 3

    var line = WaitLine<WorkerProcess>()
    private let limits: ExecutionLimits
    private var stations: [UInt64: Station] = [:]
    private var lastID: UInt64 = 0
    private var sparesWanted = 0
    private var startFailuresInARow = 0
    private var isClosed = false
    private var endCounts: [WorkerEndReason: Int] = [:]
    private var pending = Consequences()

    init(limits: ExecutionLimits) {
        self.limits = limits
    }

    var workerCount: Int { stations.count }

    /// How many of everything there are.
    var census: PoolCensus {
        PoolCensus(
            workerCount: stations.count, warmCount: warmWorkers.count, waitingCount: line.count,
            startCount: lastID, endCounts: endCounts)
    }

    /// The warm worker that was used longest ago.
    var oldestWarm: Warm? {
        warmWorkers.map(\.warm).min { $0.since < $1.since }
    }

    /// Asks for spare workers up to their count; they are not replaced for ever by themselves where
    /// they die.
    mutating func wantSpares() {
        sparesWanted = limits.sparesCount
    }

    /// Lets a caller wait, or says why not.
    mutating func join(
        _ turn: WaitLine<WorkerProcess>.Turn, with ticket: WaitTicket
    ) -> ExecutionFailure? {
        if Task.isCancelled { return .cancelled }
        if isClosed { return .shuttingDown }
        guard line.count < limits.waitingCountMax else {
            return ExecutionFailure(
                .busy, "All workers are busy and \(line.count) executions wait; try again later.")
        }
        line.join(turn, with: ticket)
        wantSpares()
        return nil
    }

    mutating func add(_ worker: WorkerProcess) {
        startFailuresInARow = 0
        stations[worker.id] = .spare(worker)
        if isClosed || !worker.isIdle { kill(worker, isClosed ? .shutdown : .other) }
    }

    mutating func takeWarm(
        _ name: HeapName, at version: HeapVersion?
    ) -> WorkerProcess? {
        guard let (worker, warm) = warmWorkers.first(where: { $0.warm.heap.name == name })
        else { return nil }
        guard warm.heap.version == version, worker.isIdle else {
            kill(worker, .stale)
            return nil
        }
        stations[worker.id] = .busy(worker)
        return worker
    }

    mutating func keepWarm(_ worker: WorkerProcess, _ warm: Warm) {
        guard case .busy = stations[worker.id] else { return }
        stations[worker.id] = .warm(worker, warm)
        if isClosed || !worker.isIdle { kill(worker, isClosed ? .shutdown : .other) }
        // The one just used stays, however large it is: killing it would only cost its next run.
        var byteCount = warmWorkers.reduce(0) { $0 + $1.warm.heap.byteCount }
        for (other, otherWarm) in warmWorkers.sorted(by: { $0.warm.since < $1.warm.since })
        where byteCount > limits.warmByteCountMax && other.id != worker.id {
            byteCount -= otherWarm.heap.byteCount
            kill(other, .memory)
        }
    }

    mutating func retire(_ id: UInt64) {
        guard case .busy(let worker) = stations[id] else { return }
        kill(worker, .used)
    }

    mutating func retireWarm(notUsedSince instant: Duration) {
        for (worker, warm) in warmWorkers where warm.since <= instant { kill(worker, .idle) }
    }

    /// A worker that closes its channel by itself is dying; a busy one is left to whoever uses it.
    mutating func noteClosed(_ id: UInt64) {
        switch stations[id] {
        case .spare:
            sparesWanted = 0
            stations[id] = .dying(nil)
        case .warm: stations[id] = .dying(nil)
        case .starting, .busy, .dying, nil: break
        }
    }

    mutating func remove(_ id: UInt64, after exit: WorkerExit?) {
        noteClosed(id)
        endCounts[endReason(of: id, after: exit), default: 0] += 1
        stations[id] = nil
    }

    /// Who waits longest is told, and a start is tried for the next; after some failures in a row
    /// everybody is told, as the next start would fail in the same way.
    mutating func noteStartFailure(_ id: UInt64) -> [WaitLine<WorkerProcess>.Turn] {
        stations[id] = nil
        sparesWanted = 0
        startFailuresInARow += 1
        guard startFailuresInARow < PoolState.startFailuresMax else { return line.removeAll() }
        return line.popFirst().map { [$0] } ?? []
    }

    mutating func close() -> (turns: [WaitLine<WorkerProcess>.Turn], workers: [WorkerProcess]) {
        isClosed = true
        let workers = stations.values.compactMap(\.worker)
        return (line.removeAll(), workers)
    }

    /// Gives spare workers to those who wait, and sees to it that there will be enough.
    mutating func balance() -> Consequences {
        for (id, station) in stations {
            guard case .spare(let worker) = station, worker.isIdle else { continue }
            guard let turn = line.popFirst() else { break }
            stations[id] = .busy(worker)
            pending.handed.append((turn, worker))
        }
        if !isClosed {
            startWanted()
            makeRoom()
        }
        defer { pending = Consequences() }
        return pending
    }

    private mutating func startWanted() {
        let ready = count { if case .spare = $0 { true } else { false } }
        let wanted = line.count + sparesWanted - ready - startingCount
        let room = limits.workersMax - stations.count
        for _ in 0..<max(0, min(wanted, room)) {
            lastID += 1
            stations[lastID] = .starting
            pending.started.append(lastID)
        }
    }

    /// Ends as many warm workers as callers wait for whom nothing is under way.
    private mutating func makeRoom() {
        let dyingCount = count { if case .dying = $0 { true } else { false } }
        let missing = line.count - startingCount - dyingCount
        guard missing > 0 else { return }
        for (worker, _) in warmWorkers.sorted(by: { $0.warm.since < $1.warm.since }).prefix(missing)
        {
            kill(worker, .room)
        }
    }

    private func endReason(of id: UInt64, after exit: WorkerExit?) -> WorkerEndReason {
        switch exit {
        case .exited(WorkerExit.outOfMemoryCode): return .outOfMemory
        case .signalled(let number) where number != SIGKILL: return .crashed
        case .signalled, .exited, nil: break
        }
        if case .dying(let reason?) = stations[id] { return reason }
        return isClosed ? .shutdown : .other
    }

    private mutating func kill(_ worker: WorkerProcess, _ reason: WorkerEndReason) {
        stations[worker.id] = .dying(reason)
        pending.killed.append(worker)
    }

    private var startingCount: Int { count { if case .starting = $0 { true } else { false } } }

    private func count(_ isCounted: (Station) -> Bool) -> Int {
        stations.values.count(where: isCounted)
    }

    private var warmWorkers: [(worker: WorkerProcess, warm: Warm)] {
        stations.values.compactMap { station in
            if case .warm(let worker, let warm) = station { (worker, warm) } else { nil }
        }
    }
}

extension PoolState.Station {
    var worker: WorkerProcess? {
        switch self {
        case .starting, .dying: nil
        case .spare(let worker), .busy(let worker), .warm(let worker, _): worker
        }
    }
}
