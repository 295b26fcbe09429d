import Synchronization

/// One execution's deadline, and whether something stopped it.
///
/// From the moment when storage is asked to commit, nothing but its deadline stops it: what storage
/// says is what is true.
final class RunningExecution: Sendable {
    private enum State {
        /// Waits for its turn, a worker or storage. Next: any.
        case waiting
        /// A worker runs it, which stops by itself at the deadline. Next: any.
        case evaluating
        /// Storage is given a version, which nobody can see yet. Next: `changing`, or terminal.
        case committing
        /// What is asked of storage can be seen as soon as that has done it; the failure is told if
        /// it does not say so in time. Terminal, unless storage refuses.
        case changing(ExecutionFailure)
        /// Terminal.
        case interrupted(ExecutionFailure)
    }

    let id: String
    let timeout: Duration
    /// What the caller could have asked for; nil where it cannot ask.
    private let timeoutMax: Duration?
    let arrival: Duration
    private let timeline: Timeline
    private let deadlines: Deadlines
    private let killGrace: Duration
    private let state = Mutex(State.waiting)
    private let waits = Mutex(Waits())
    private let storage = StorageWaits()

    init(
        timeout: Duration, timeoutMax: Duration? = nil, killGrace: Duration, timeline: Timeline,
        deadlines: Deadlines
    ) {
        self.timeoutMax = timeoutMax
        id = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        self.timeout = timeout
        self.killGrace = killGrace
        self.timeline = timeline
        self.deadlines = deadlines
        arrival = timeline.now
    }

    /// What is left until the deadline; negative behind it.
    var timeLeft: Duration { arrival + timeout - timeline.now }

    /// Whether the deadline stopped it.
    var isOverdue: Bool {
        state.withLock { state in
            if case .interrupted(let failure) = state { failure.kind == .timeout } else { false }
        }
    }

    /// What to tell the caller: what is stopped fails in some way of its own.
    func cause(of failure: ExecutionFailure) -> ExecutionFailure {
        state.withLock { state in
            switch state {
            case .interrupted(let cause): cause
            // Cancelling reaches the body's own steps at the same time as it reaches the state.
            case .waiting, .evaluating: Task.isCancelled ? .cancelled : failure
            case .committing, .changing: failure
            }
        }
    }

    /// Tells the caller something else of a stop that has come.
    func blame(_ failure: ExecutionFailure) {
        state.withLock { state in
            guard case .interrupted(let cause) = state, cause.kind != .cancelled else { return }
            state = .interrupted(failure)
        }
    }

    /// Runs `body`, and cancels it at the deadline or when the caller's task is cancelled.
    ///
    /// - Parameter executor: what it runs on.
    func stoppingAtDeadline<Result: Sendable>(
        on executor: EventLoopExecutor, _ body: @escaping @Sendable () async -> Result
    ) async -> Result {
        // Not a child beside another one that sleeps: this is waited for all the same, and costs
        // less than half.
        let task = Task(executorPreference: executor) { await body() }
        let deadline = setDeadline(at: arrival + timeout, task.cancel)
        defer { deadlines.clear(deadline) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            interrupt(with: .cancelled)
            task.cancel()
        }
    }

    /// Waits for something that others have; a deadline that comes meanwhile says so.
    func waiting<Result>(
        for obstacle: Waits.Obstacle, _ body: () async throws(ExecutionFailure) -> Result
    ) async throws(ExecutionFailure) -> Result {
        waits.withLock { $0.begin(obstacle, at: timeline.now) }
        defer { waits.withLock { $0.end(at: timeline.now) } }
        return try await body()
    }

    /// What a caller is told whose deadline came while the script ran.
    func overdue(pending: String? = nil) -> ExecutionFailure {
        let wait = waits.withLock { $0.longest(at: timeline.now) }
        return .timeout(
            timeout, timeoutMax: timeoutMax, pending: pending,
            after: wait.flatMap { $0.duration * 10 >= timeout ? $0 : nil })
    }

    /// What a caller is told whose deadline came before the script ran.
    private func overdueBeforeBegin() -> ExecutionFailure {
        let wait = waits.withLock { $0.longest(at: timeline.now) }
        guard let wait, wait.duration * 2 >= timeout else { return overdue() }
        return .notBegun(wait, timeoutMax: timeoutMax)
    }

    /// Notes that a worker is about to be asked.
    func beginEvaluation() throws(ExecutionFailure) {
        guard timeLeft > .zero else { throw overdueBeforeBegin() }
        try enter(.evaluating)
    }

    /// Notes that storage is about to be asked to commit.
    func beginCommit() throws(ExecutionFailure) {
        try enter(.committing)
    }

    /// Notes that storage is about to be asked for a change that can be seen.
    func beginChange(_ failureAtDeadline: ExecutionFailure) throws(ExecutionFailure) {
        try enter(.changing(failureAtDeadline))
    }

    /// Fails if something has stopped it.
    func check() throws(ExecutionFailure) {
        try state.withLock { state throws(ExecutionFailure) in
            if case .interrupted(let failure) = state { throw failure }
        }
    }

    /// Waits for storage, but not once something has stopped it: what is asked then goes on.
    func waitForStorage<Value: Sendable>(
        on executor: EventLoopExecutor,
        _ body: @escaping @Sendable () async -> Result<Value, ExecutionFailure>
    ) async -> Result<Value, ExecutionFailure> {
        await storage.wait(on: executor, isOver: { isInterrupted }, body)
    }

    private func enter(_ next: State) throws(ExecutionFailure) {
        try state.withLock { state throws(ExecutionFailure) in
            if case .interrupted(let failure) = state { throw failure }
            if Task.isCancelled { throw .cancelled }
            state = next
        }
    }

    private func interrupt(with failure: ExecutionFailure) {
        state.withLock { state in
            switch state {
            case .waiting, .evaluating: state = .interrupted(failure)
            case .committing, .changing, .interrupted: break
            }
        }
        if isInterrupted { storage.abandon() }
    }

    private var isInterrupted: Bool {
        state.withLock { if case .interrupted = $0 { true } else { false } }
    }

    /// A worker that runs it gets the time to stop by itself, and storage half of that.
    private func expire(_ cancel: @escaping @Sendable () -> Void) {
        let (isEvaluating, grace) = state.withLock { state -> (Bool, Duration) in
            switch state {
            case .evaluating: (true, killGrace)
            case .committing, .changing: (false, killGrace / 2)
            case .waiting, .interrupted: (false, .zero)
            }
        }
        let end = arrival + timeout + grace
        if timeline.now < end {
            // An execution that ends before has nothing left to be interrupted.
            _ = setDeadline(at: end, cancel)
        } else {
            stop(with: isEvaluating ? overdue() : overdueBeforeBegin(), cancel)
        }
    }

    private func setDeadline(
        at instant: Duration, _ cancel: @escaping @Sendable () -> Void
    ) -> Deadlines.ID {
        deadlines.set(
            at: instant, atEndOfAll: { self.stop(with: .shuttingDown, cancel) },
            { self.expire(cancel) })
    }

    private func stop(with failure: ExecutionFailure, _ cancel: @Sendable () -> Void) {
        giveUpStorage()
        interrupt(with: failure)
        cancel()
    }

    /// Says what is known of what the deadline finds in the storage's hands.
    private func giveUpStorage() {
        guard storage.isWaiting else { return }
        state.withLock { state in
            switch state {
            case .waiting: state = .interrupted(.storageSilent(timeout))
            case .committing: state = .interrupted(.notStored(timeout))
            case .changing(let failure): state = .interrupted(failure)
            case .evaluating, .interrupted: break
            }
        }
    }
}
