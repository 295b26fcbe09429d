internal import Glibc
package import Heaps
internal import WorkerProtocol

/// A heap that a worker holds live.
package struct LiveHeap: Hashable, Sendable {
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
///
/// What is done for each run does not depend on how many workers there are.
struct PoolState {
    /// A worker that holds a heap.
    struct Warm {
        var heap: LiveHeap
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
    private var startingCount = 0
    private var dyingCount = 0
    /// Oldest first.
    private var spares = AgeOrder()
    private var warm = AgeOrder()
    private var warmIDs: [HeapName: UInt64] = [:]
    private var warmByteCount = 0
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

    /// Whether there is neither a worker to be had nor one that could make room.
    var isFull: Bool { stations.count >= limits.workersMax && spares.count + warm.count == 0 }

    /// How many of everything there are.
    var census: PoolCensus {
        let idleCount = startingCount + spares.count + warm.count + dyingCount
        return PoolCensus(
            workerCount: stations.count, busyCount: stations.count - idleCount,
            warmCount: warm.count, waitingCount: line.count, startCount: lastID,
            endCounts: endCounts, warmByteCount: warmByteCount)
    }

    /// The warm worker that was used longest ago.
    var oldestWarm: Warm? {
        mutating get { warm.first.flatMap { warmWorker($0)?.warm } }
    }

    /// Those that were started and have not ended.
    var workers: [WorkerProcess] { stations.values.compactMap(\.worker) }

    /// The warm workers, to be measured.
    var warmWorkers: [WorkerProcess] { warmIDs.values.compactMap { stations[$0]?.worker } }

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
        move(worker.id, to: .spare(worker))
        if isClosed || !worker.isIdle { kill(worker, isClosed ? .shutdown : .other) }
    }

    mutating func takeWarm(
        _ name: HeapName, at version: HeapVersion?
    ) -> WorkerProcess? {
        guard let (worker, warm) = warmIDs[name].flatMap(warmWorker) else { return nil }
        guard warm.heap.version == version, worker.isIdle else {
            kill(worker, .stale)
            return nil
        }
        move(worker.id, to: .busy(worker))
        return worker
    }

    mutating func keepWarm(_ worker: WorkerProcess, _ warm: Warm) {
        guard case .busy = stations[worker.id] else { return }
        // The heap may have been taken up anew while this worker was away.
        if let (former, _) = warmIDs[warm.heap.name].flatMap(warmWorker) { kill(former, .stale) }
        move(worker.id, to: .warm(worker, warm))
        if isClosed || !worker.isIdle || worker.isOutdated {
            kill(worker, isClosed ? .shutdown : worker.isOutdated ? .stale : .other)
        }
        keepWithinMemory()
    }

    /// Notes what was measured of warm workers.
    mutating func note(byteCounts: [UInt64: Int]) {
        for (id, byteCount) in byteCounts {
            guard case .warm(let worker, var warm) = stations[id] else { continue }
            warmByteCount += byteCount - warm.heap.byteCount
            warm.heap.byteCount = byteCount
            stations[id] = .warm(worker, warm)
        }
        keepWithinMemory()
    }

    /// Ends half of the warm workers, those that were used longest ago.
    mutating func retireOlderHalf() {
        for _ in 0..<(warm.count + 1) / 2 { killOldestWarm(.memory) }
    }

    mutating func retire(_ id: UInt64) {
        guard case .busy(let worker) = stations[id] else { return }
        kill(worker, .used)
    }

    mutating func retireWarm(notUsedSince instant: Duration) {
        while let oldest = oldestWarm, oldest.since <= instant { killOldestWarm(.idle) }
    }

    /// A worker that closes its channel by itself is dying; a busy one is left to whoever uses it.
    mutating func noteClosed(_ id: UInt64) {
        switch stations[id] {
        case .spare:
            sparesWanted = 0
            move(id, to: .dying(nil))
        case .warm: move(id, to: .dying(nil))
        case .starting, .busy, .dying, nil: break
        }
    }

    mutating func remove(_ id: UInt64, after exit: WorkerExit?) {
        noteClosed(id)
        endCounts[endReason(of: id, after: exit), default: 0] += 1
        move(id, to: nil)
    }

    /// Who waits longest is told, and a start is tried for the next; after some failures in a row
    /// everybody is told, as the next start would fail in the same way.
    mutating func noteStartFailure(_ id: UInt64) -> [WaitLine<WorkerProcess>.Turn] {
        move(id, to: nil)
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
        while line.count > 0, let id = spares.popFirst() {
            guard case .spare(let worker) = stations[id] else { continue }
            if worker.isOutdated {
                kill(worker, .stale)
                continue
            }
            // One that has ended is about to be noted as closed.
            guard worker.isIdle, let turn = line.popFirst() else { continue }
            move(id, to: .busy(worker))
            pending.handed.append((turn, worker))
        }
        if !isClosed {
            startWanted()
            makeRoom()
        }
        defer { pending = Consequences() }
        return pending
    }
}

extension PoolState {
    private mutating func startWanted() {
        let wanted = line.count + sparesWanted - spares.count - startingCount
        let room = limits.workersMax - stations.count
        for _ in 0..<max(0, min(wanted, room)) {
            lastID += 1
            move(lastID, to: .starting)
            pending.started.append(lastID)
        }
    }

    /// Ends as many warm workers as callers wait for whom nothing is under way.
    private mutating func makeRoom() {
        let missing = line.count - startingCount - dyingCount
        for _ in 0..<max(0, min(missing, warm.count)) { killOldestWarm(.room) }
    }

    /// The one just used stays, however large it is: killing it would only cost its next run.
    private mutating func keepWithinMemory() {
        while warmByteCount > limits.warmByteCountMax, warm.count > 1 { killOldestWarm(.memory) }
    }

    private mutating func killOldestWarm(_ reason: WorkerEndReason) {
        if let id = warm.first, let (worker, _) = warmWorker(id) { kill(worker, reason) }
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
        move(worker.id, to: .dying(reason))
        pending.killed.append(worker)
    }

    /// Every change of a station goes through here, so that the counts are what the stations say.
    private mutating func move(_ id: UInt64, to station: Station?) {
        switch stations[id] {
        case .starting: startingCount -= 1
        case .dying: dyingCount -= 1
        case .spare: spares.remove(id)
        case .warm(_, let held):
            warm.remove(id)
            warmByteCount -= held.heap.byteCount
            if warmIDs[held.heap.name] == id { warmIDs[held.heap.name] = nil }
        case .busy, nil: break
        }
        stations[id] = station
        switch station {
        case .starting: startingCount += 1
        case .dying: dyingCount += 1
        case .spare: spares.append(id)
        case .warm(_, let held):
            warm.append(id)
            warmByteCount += held.heap.byteCount
            warmIDs[held.heap.name] = id
        case .busy, nil: break
        }
    }

    private func warmWorker(_ id: UInt64) -> (worker: WorkerProcess, warm: Warm)? {
        if case .warm(let worker, let warm) = stations[id] { (worker, warm) } else { nil }
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
