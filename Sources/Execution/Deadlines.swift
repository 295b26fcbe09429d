import Synchronization

/// Does things at their instants, with one timer for all of them.
///
/// Nearly every deadline is given up long before, so the timer is left alone then: it goes off in
/// vain once in the time that an execution may take, in place of being set and cancelled for each.
final class Deadlines: Sendable {
    /// A deadline that was set.
    struct ID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Action {
        let instant: Duration
        let due: @Sendable () -> Void
        let atEndOfAll: @Sendable () -> Void
    }

    private struct State {
        var actions: [ID: Action] = [:]
        var isEnded = false
        var lastNumber: UInt64 = 0
        /// Goes off no later than the first action is due.
        var timer: (instant: Duration, task: Task<Void, Never>)?
    }

    private let timeline: Timeline
    private let state = Mutex(State())

    init(timeline: Timeline) {
        self.timeline = timeline
    }

    /// Has something done at an instant, or soon if that has passed, unless it is cleared before.
    ///
    /// - Parameter atEndOfAll: done instead if all deadlines end before.
    func set(
        at instant: Duration, atEndOfAll: @escaping @Sendable () -> Void = {},
        _ due: @escaping @Sendable () -> Void
    ) -> ID {
        let (id, isEnded) = state.withLock { state in
            state.lastNumber += 1
            let id = ID(number: state.lastNumber)
            guard !state.isEnded else { return (id, true) }
            state.actions[id] = Action(instant: instant, due: due, atEndOfAll: atEndOfAll)
            setTimer(&state, to: instant)
            return (id, false)
        }
        if isEnded { atEndOfAll() }
        return id
    }

    /// Ends all deadlines, and those that are set from now on.
    func end() {
        let actions = state.withLock { state in
            state.isEnded = true
            defer { state.actions = [:] }
            return state.actions.values.map(\.atEndOfAll)
        }
        for action in actions { action() }
    }

    /// Gives a deadline up. What it is to do may have begun.
    func clear(_ id: ID) {
        state.withLock { $0.actions[id] = nil }
    }

    private func setTimer(_ state: inout State, to instant: Duration) {
        if let timer = state.timer {
            guard instant < timer.instant else { return }
            timer.task.cancel()
        }
        let task = Task {
            do { try await timeline.sleep(until: instant) } catch { return }
            goOff()
        }
        state.timer = (instant, task)
    }

    private func goOff() {
        let due = state.withLock { state in
            let now = timeline.now
            let due = state.actions.filter { $0.value.instant <= now }
            for id in due.keys { state.actions[id] = nil }
            state.timer = nil
            if let next = state.actions.values.map(\.instant).min() { setTimer(&state, to: next) }
            return due.values.map(\.due)
        }
        for action in due { action() }
    }
}
