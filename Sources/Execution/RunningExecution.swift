import Synchronization

/// One execution's deadline, and whether something stopped it.
///
/// From the moment when storage is asked to commit, nothing stops it any more: what storage says is
/// what is true.
final class RunningExecution: Sendable {
    private enum State {
        /// Waits for its turn, a worker or storage. Next: any.
        case waiting
        /// A worker runs it, which stops by itself at the deadline. Next: any.
        case evaluating
        /// Terminal, unless storage refuses.
        case committing
        /// Terminal.
        case interrupted(ExecutionFailure)
    }

    let id: String
    let timeout: Duration
    let arrival: Duration
    private let timeline: Timeline
    private let deadlines: Deadlines
    private let killGrace: Duration
    private let state = Mutex(State.waiting)

    init(timeout: Duration, killGrace: Duration, timeline: Timeline, deadlines: Deadlines) {
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
            case .committing: failure
            }
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
        let deadline = deadlines.set(at: arrival + timeout) { self.expire(task.cancel) }
        defer { deadlines.clear(deadline) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            interrupt(with: .cancelled)
            task.cancel()
        }
    }

    /// Notes that a worker is about to be asked.
    func beginEvaluation() throws(ExecutionFailure) {
        guard timeLeft > .zero else { throw .timeout(timeout) }
        try enter(.evaluating)
    }

    /// Notes that storage is about to be asked to commit.
    func beginCommit() throws(ExecutionFailure) {
        try enter(.committing)
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
            case .committing, .interrupted: break
            }
        }
    }

    /// A worker that runs it gets the time to stop by itself.
    private func expire(_ cancel: @escaping @Sendable () -> Void) {
        let isEvaluating = state.withLock { if case .evaluating = $0 { true } else { false } }
        let end = arrival + timeout + killGrace
        if isEvaluating, timeline.now < end {
            // An execution that ends before has nothing left to be interrupted.
            _ = deadlines.set(at: end) { self.expire(cancel) }
        } else {
            interrupt(with: .timeout(timeout))
            cancel()
        }
    }
}
