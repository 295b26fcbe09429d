import Synchronization

/// How important a log message is, as RFC 5424 orders it.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, notice, warning, error, critical, alert, emergency

    /// Orders by importance.
    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { LogLevel.allCases.firstIndex(of: self) ?? 0 }

    /// Reads what a client asks for.
    ///
    /// - Throws: ``MCPError/invalidParameters(_:)``.
    init(_ json: JSON?) throws(MCPError) {
        guard let level = json?.string.flatMap(LogLevel.init(rawValue:)) else {
            let known = LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameters("The log level must be one of \(known)")
        }
        self = level
    }
}

/// Sends the log messages of one call to a client that asked for them.
final class LogReporter: Sendable {
    /// How many messages may come at once.
    static let burstCount = 50
    /// How many may follow in a second.
    static let countPerSecond = 20
    /// The longest message in characters; the rest is cut off.
    static let messageLengthMax = 4_000

    private enum State {
        /// The call runs. `allowance` is what may be sent at the time of `last`. Next: `closed`.
        case open(allowance: Double, last: ContinuousClock.Instant, omitted: Int)
        /// The call was answered or cancelled: nothing may follow.
        case closed
    }

    private let state: Mutex<State>
    private let threshold: LogLevel
    private let now: @Sendable () -> ContinuousClock.Instant
    private let notify: Notify

    init(
        threshold: LogLevel, now: @escaping @Sendable () -> ContinuousClock.Instant,
        notify: @escaping Notify
    ) {
        self.threshold = threshold
        self.now = now
        self.notify = notify
        state = Mutex(.open(allowance: Double(LogReporter.burstCount), last: now(), omitted: 0))
    }

    func log(_ level: LogLevel, _ message: String) {
        guard level >= threshold else { return }
        let instant = now()
        // Handed over under the lock: else a message could overtake the end of its call.
        state.withLock { state in
            guard case .open(let allowance, let last, let omitted) = state else { return }
            let seconds = last.duration(to: instant) / .seconds(1)
            let earned = allowance + max(0, seconds) * Double(LogReporter.countPerSecond)
            let available = min(earned, Double(LogReporter.burstCount))
            guard available >= 1 else {
                state = .open(allowance: available, last: instant, omitted: omitted + 1)
                return
            }
            if omitted > 0 { notify(notification(.warning, "… \(omitted) lines were left out")) }
            notify(notification(level, message))
            state = .open(allowance: available - 1, last: instant, omitted: 0)
        }
    }

    func close() {
        state.withLock { $0 = .closed }
    }

    private func notification(_ level: LogLevel, _ message: String) -> [UInt8] {
        let notification: JSON = [
            "jsonrpc": "2.0", "method": "notifications/message",
            "params": [
                "level": .string(level.rawValue), "logger": "console",
                "data": .string(String(message.prefix(LogReporter.messageLengthMax))),
            ],
        ]
        return notification.encoded()
    }
}
