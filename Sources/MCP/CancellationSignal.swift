import Synchronization

/// Tells those who wait, from anywhere, that something is over: once, and also those who come
/// later.
package final class CancellationSignal: Sendable {
    private enum State {
        /// Next: `sent`.
        case waiting([UInt64: @Sendable () -> Void], nextID: UInt64)
        /// Terminal.
        case sent
    }

    private let state = Mutex(State.waiting([:], nextID: 0))

    /// Makes one that was not sent.
    package init() {}

    /// Whether it was sent.
    package var wasSent: Bool {
        state.withLock { if case .sent = $0 { true } else { false } }
    }

    /// Sends it; again it does nothing.
    package func send() {
        let waiters = state.withLock { state -> [@Sendable () -> Void] in
            guard case .waiting(let waiters, _) = state else { return [] }
            state = .sent
            return Array(waiters.values)
        }
        for waiter in waiters { waiter() }
    }

    /// Has something done when the signal is sent; at once if it was.
    package func onSend(_ action: @escaping @Sendable () -> Void) {
        let wasSent = state.withLock { state in
            guard case .waiting(var waiters, let nextID) = state else { return true }
            waiters[nextID] = action
            state = .waiting(waiters, nextID: nextID + 1)
            return false
        }
        if wasSent { action() }
    }

    /// Returns when the signal was sent, or the current task is cancelled.
    package func wait() async {
        let id = state.withLock { state -> UInt64 in
            guard case .waiting(let waiters, let nextID) = state else { return 0 }
            state = .waiting(waiters, nextID: nextID + 1)
            return nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard case .waiting(var waiters, let nextID) = state, !Task.isCancelled else {
                        return true
                    }
                    waiters[id] = { continuation.resume() }
                    state = .waiting(waiters, nextID: nextID)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> (@Sendable () -> Void)? in
                guard case .waiting(var waiters, let nextID) = state else { return nil }
                let waiter = waiters.removeValue(forKey: id)
                state = .waiting(waiters, nextID: nextID)
                return waiter
            }
            waiter?()
        }
    }
}
