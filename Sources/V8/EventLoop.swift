package import WorkerProtocol

/// What a run waits with, for whatever comes next.
///
/// Whoever runs scripts brings it: so they wait in one place for everything that can come, and the
/// loop is tested with events that were written down.
package protocol Waiter: ~Copyable {
    /// Why nothing can come any more.
    associatedtype Failure: Error

    /// The present moment.
    var now: Deadline { get }

    /// Waits for the next event, until a moment at most.
    ///
    /// - Throws: the end of the conversation, with which the run ends, of no more use to anybody.
    mutating func wait(until moment: Deadline) throws(Failure) -> Event
}

/// What ends a wait.
package enum Event: Hashable, Sendable {
    /// The moment has come.
    case timer
    /// Something was said, and the waiter has seen to it; how long to wait is to be asked again.
    case frame
}

/// How far a script is.
enum Progress: Hashable, Sendable {
    /// It waits: for a timer, or for something that will never come.
    case waiting
    case fulfilled
    case failed
    case failedToParse
    case terminated
}

/// What a run has to do, as the event loop sees it.
protocol RunTasks: ~Copyable {
    /// Runs microtasks, and what V8 wants to be done, until there are none.
    func drain() -> Progress
    /// Milliseconds until the next timer is due; negative if the run waits for none.
    var nextTimerDelay: Double { get }
    /// Runs one timer, if one is due.
    func runTimer() -> Progress
    /// Where the script awaits, for a person.
    var pendingAwaits: String { get }
    /// What its timers wait for, for a person; empty if there are none.
    var pendingTimers: String { get }
}

/// How the event loop ended.
enum LoopEnding: Hashable, Sendable {
    /// Nothing is left to run.
    case over(Progress)
    /// The script waits for what does not come, or comes too late.
    case waiting(ScriptOutcome)
}

extension RunTasks where Self: ~Copyable {
    /// The event loop of a run: turns microtasks and timers until there are neither.
    ///
    /// It ends only waiting at the deadline: somebody else has to terminate what computes.
    func turn<W: Waiter & ~Copyable>(
        after start: Progress, until deadline: Deadline, waiter: inout W
    ) throws(W.Failure) -> LoopEnding {
        var progress = start
        while progress == .waiting {
            progress = drain()
            guard progress == .waiting || progress == .fulfilled else { break }
            let delay = nextTimerDelay
            if delay < 0 {
                guard progress == .waiting else { break }
                return .waiting(.unsettled(places: pendingAwaits))
            }
            let due = waiter.now.adding(milliseconds: delay)
            let event = try waiter.wait(until: min(due, deadline))
            guard deadline > waiter.now else {
                let pending = pendingTimers
                return .waiting(.timeout(pending: pending.isEmpty ? nil : pending))
            }
            progress =
                switch event {
                case .timer: runTimer()
                case .frame: .waiting
                }
        }
        return .over(progress)
    }
}
