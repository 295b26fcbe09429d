internal import Heaps
internal import WorkerProtocol

/// What is known of one heap whose runs are answered before they are stored, and what is decided
/// about it; it acts on nothing.
///
/// | state | what it means | next |
/// |---|---|---|
/// | `clean` | all that was answered is stored, no run is under way | `starting` |
/// | `starting` | a run is under way, on what is stored | answered: `idle`; not: `clean` |
/// | `idle` | a worker has states that are not stored | `running`; stored: `clean` |
/// | `running` | a run is under way on them | answered, unchanged: `idle`; failed: `leaving` |
/// | `leaving` | the worker has the heap in its forks only, and goes | stored: `clean` |
/// | `overtaken` | they were lost under a run, which cannot be answered | the run ends: `lost` |
/// | `lost` | whoever comes next is told, before anything else | told: `clean` |
///
/// A loss makes `idle` and `leaving` `lost`, and `running` `overtaken`.
///
/// A run counts from the moment when it is answered. A state is stored if its run counts, and of no
/// other run: what a worker says of a run that is not decided yet waits until it is.
enum UnwrittenState<Worker: Identifiable<UInt64> & Sendable>: Sendable {
    case clean
    case starting
    case idle(Holding)
    case running(Holding)
    case leaving(Holding)
    /// With whether somebody else was told already.
    case overtaken(UnwrittenLoss, isReported: Bool)
    case lost(UnwrittenLoss)

    /// A worker, and what is not stored of what it has.
    struct Holding: Sendable {
        let worker: Worker
        /// Where the heap is in the storage; nil if it is not there yet.
        var head: HeapHead?
        var runs: UnwrittenRuns
        /// The number of the last run that was answered.
        var runNumber: UInt32
        var isStoring = false
        fileprivate var waiting: [(id: UInt64, through: UInt32)] = []

        /// Whether somebody waits for it to be stored.
        var isAwaited: Bool { !waiting.isEmpty }
    }

    /// What a run starts from.
    enum Beginning: Sendable {
        case storage
        case worker(Holding)
        /// ``wait(_:)`` comes first.
        case later
        /// It does nothing but tell that.
        case lost(UnwrittenLoss)
    }

    /// How a run ended that leaves no state behind.
    enum Ending: Sendable {
        case unchanged
        /// It failed or was given up: whatever its worker makes of it is not what the heap is.
        case failed
    }

    /// What becomes of a state that a worker has written down.
    enum Verdict: Sendable {
        case store(RunDescription, replacing: HeapHead?)
        /// Its run is not decided.
        case later
        case drop
    }

    /// How somebody stands who wants all stored that was answered.
    enum Waiting: Sendable {
        case stored
        case waits
        case lost(UnwrittenLoss)
    }

    /// What is to be done.
    enum Action: Sendable {
        /// Have the state of this run written, or of a later one.
        case saveNow(Worker, runNumber: UInt32)
        case keepWarm(Worker, HeapHead)
        case retire(Worker)
        /// Tells the log and the metrics.
        case note(UnwrittenLoss)
        case wake([UInt64], UnwrittenLoss?)
    }

    /// Begins a run, which has the heap's turn.
    mutating func begin() -> Beginning {
        switch self {
        case .clean:
            self = .starting
            return .storage
        case .idle(let holding):
            self = .running(holding)
            return .worker(holding)
        case .leaving: return .later
        case .lost(let loss): return .lost(loss)
        case .starting, .running, .overtaken:
            preconditionFailure("A heap has one run at a time.")
        }
    }

    /// Notes that the run counts and a worker keeps its state.
    ///
    /// - Returns: what was lost under it: then it does not count.
    mutating func keep(
        _ run: RunDescription, by worker: Worker, replacing head: HeapHead?, delay: Duration,
        at now: Duration, savingDelay: Duration
    ) -> UnwrittenLoss? {
        switch self {
        case .starting:
            self = .idle(
                Holding(
                    worker: worker, head: head, runs: UnwrittenRuns(savingDelay: savingDelay),
                    runNumber: 0))
        case .running(let holding): self = .idle(holding)
        case .overtaken: return end(.failed).loss
        case .clean, .idle, .leaving, .lost:
            preconditionFailure("A run that is answered was begun.")
        }
        change { holding in
            holding.runs.append(run, at: now, delay: delay)
            holding.runNumber = run.runNumber
        }
        return nil
    }

    /// Ends the run without a state of its own. A second time changes nothing.
    ///
    /// - Returns: what was lost under it, which it is to tell.
    mutating func end(_ ending: Ending) -> (loss: UnwrittenLoss?, actions: [Action]) {
        switch (self, ending) {
        case (.starting, _): self = .clean
        case (.running(let holding), .unchanged):
            self = .idle(holding)
            return (nil, cleanIfStored())
        case (.running(let holding), .failed):
            self = .leaving(holding)
            let actions = cleanIfStored()
            let asking = Action.saveNow(holding.worker, runNumber: holding.runNumber)
            return (nil, actions.isEmpty ? [asking] : actions)
        case (.overtaken(let loss, let isReported), _):
            self = isReported ? .clean : .lost(loss)
            return (loss, [])
        case (.lost(let loss), _): return (loss, [])
        case (.clean, _), (.idle, _), (.leaving, _): break
        }
        return (nil, [])
    }

    /// Decides about a state that a worker has written down.
    mutating func judge(_ runNumber: UInt32, by worker: UInt64) -> Verdict {
        if case .starting = self { return .later }
        guard let holding, holding.worker.id == worker else { return .drop }
        if let run = holding.runs.description(of: runNumber) {
            change { $0.isStoring = true }
            return .store(run, replacing: holding.head)
        }
        if case .running = self, runNumber > holding.runNumber { return .later }
        return .drop
    }

    /// Notes that the state of a run is stored, and with it what was before.
    mutating func noteStored(
        _ runNumber: UInt32, by worker: UInt64, at head: HeapHead, now: Duration, took: Duration
    ) -> [Action] {
        guard holding?.worker.id == worker else { return [] }
        let woken = change { holding in
            holding.head = head
            holding.isStoring = false
            holding.runs.removeWritten(upTo: runNumber, at: now, took: took)
            let woken = holding.waiting.filter { $0.through <= runNumber }.map(\.id)
            holding.waiting.removeAll { $0.through <= runNumber }
            return woken
        }
        var actions = cleanIfStored()
        if let woken, !woken.isEmpty { actions.append(.wake(woken, nil)) }
        return actions
    }

    /// Gives up what a worker has that is not stored.
    mutating func lose(_ reason: String, of worker: UInt64, at now: Duration) -> [Action] {
        guard let holding, holding.worker.id == worker, !holding.runs.isEmpty else { return [] }
        let loss = UnwrittenLoss(
            runCount: holding.runs.count, reason: reason, moment: now)
        if case .running = self {
            self = .overtaken(loss, isReported: false)
        } else {
            self = .lost(loss)
        }
        let waiting = holding.waiting.map(\.id)
        return [.retire(holding.worker), .note(loss)]
            + (waiting.isEmpty ? [] : [.wake(waiting, loss)])
    }

    /// Has all written that was answered so far, for somebody who is woken when it is stored.
    mutating func wait(_ id: UInt64) -> (Waiting, [Action]) {
        switch self {
        case .lost(let loss), .overtaken(let loss, isReported: false): return (.lost(loss), [])
        case .clean, .starting, .overtaken: return (.stored, [])
        case .idle(let holding), .running(let holding), .leaving(let holding):
            guard !holding.runs.isEmpty else { return (.stored, []) }
            let runNumber = holding.runNumber
            change { $0.waiting.append((id, runNumber)) }
            return (.waits, [.saveNow(holding.worker, runNumber: runNumber)])
        }
    }

    /// Forgets somebody who waits no more.
    mutating func giveUp(_ id: UInt64) { change { $0.waiting.removeAll { $0.id == id } } }

    /// Notes that somebody was told.
    mutating func noteTold(_ told: UnwrittenLoss) {
        switch self {
        case .lost(told): self = .clean
        case .overtaken(told, _): self = .overtaken(told, isReported: true)
        default: break
        }
    }
}

extension UnwrittenState {
    /// What a worker has that is not stored, or may have soon.
    var holding: Holding? {
        switch self {
        case .idle(let holding), .running(let holding), .leaving(let holding): holding
        case .clean, .starting, .overtaken, .lost: nil
        }
    }

    /// How long a fork may keep the state of the run that begins; nil where that is as long as
    /// may be.
    mutating func delay(at now: Duration) -> Duration? { change { $0.runs.delay(at: now) } }

    /// Changes what is held, in place.
    @discardableResult
    private mutating func change<Result>(_ body: (inout Holding) -> Result) -> Result? {
        switch self {
        case .idle(var holding):
            self = .clean
            defer { self = .idle(holding) }
            return body(&holding)
        case .running(var holding):
            self = .clean
            defer { self = .running(holding) }
            return body(&holding)
        case .leaving(var holding):
            self = .clean
            defer { self = .leaving(holding) }
            return body(&holding)
        case .clean, .starting, .overtaken, .lost: return nil
        }
    }

    /// Lets go of a worker of which everything is stored and that no run has.
    private mutating func cleanIfStored() -> [Action] {
        guard let holding, holding.runs.isEmpty else { return [] }
        switch (self, holding.head) {
        case (.idle, let head?):
            self = .clean
            return [.keepWarm(holding.worker, head)]
        case (.idle, nil), (.leaving, _):
            self = .clean
            return [.retire(holding.worker)]
        default: return []
        }
    }
}

/// What became of runs that were answered and could not be stored: told to whoever comes next.
struct UnwrittenLoss: Hashable, Sendable {
    let runCount: Int
    let reason: String
    /// When that was found out.
    let moment: Duration
}
