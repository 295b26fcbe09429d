import Synchronization

/// Sends the progress notifications of one call.
final class ProgressReporter: Sendable {
    /// The shortest time between two notifications; clients redraw at each.
    static let interval = Duration.milliseconds(200)
    /// The longest message in characters; the rest is cut off.
    static let messageLengthMax = 500

    private enum State {
        /// The call runs. Next: `closed`.
        case open(count: Int, last: ContinuousClock.Instant?)
        /// The call was answered or cancelled: nothing may follow.
        case closed
    }

    private let state = Mutex(State.open(count: 0, last: nil))
    private let token: JSON
    private let revision: ProtocolRevision
    private let now: @Sendable () -> ContinuousClock.Instant
    private let notify: Notify

    init(
        token: JSON, revision: ProtocolRevision,
        now: @escaping @Sendable () -> ContinuousClock.Instant, notify: @escaping Notify
    ) {
        self.token = token
        self.revision = revision
        self.now = now
        self.notify = notify
    }

    func report(_ message: String) {
        let instant = now()
        // Handed over under the lock: else a notification could overtake the end of its call.
        state.withLock { state in
            guard case .open(let count, let last) = state else { return }
            if let last, last.duration(to: instant) < ProgressReporter.interval { return }
            state = .open(count: count + 1, last: instant)
            notify(notification(progress: count + 1, message: message))
        }
    }

    func close() {
        state.withLock { $0 = .closed }
    }

    private func notification(progress: Int, message: String) -> [UInt8] {
        var parameters: JSONObject = [
            "progressToken": token, "progress": .number(JSONNumber(progress)),
        ]
        if revision.has(.progressMessage) {
            parameters["message"] = .string(
                String(message.prefix(ProgressReporter.messageLengthMax)))
        }
        let notification: JSON = [
            "jsonrpc": "2.0", "method": "notifications/progress", "params": .object(parameters),
        ]
        return notification.encoded()
    }
}
