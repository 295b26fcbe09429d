internal import Heaps

/// How long an execution waited for what others had, before its script began.
struct Waits: Sendable {
    /// What others had.
    enum Obstacle: Sendable {
        case heap(HeapName)
        case workers
    }

    /// One of its waits.
    struct Wait: Sendable {
        let obstacle: Obstacle
        let duration: Duration
    }

    private var current: (obstacle: Obstacle, since: Duration)?
    private var longestBefore: Wait?

    mutating func begin(_ obstacle: Obstacle, at instant: Duration) {
        current = (obstacle, instant)
    }

    mutating func end(at instant: Duration) {
        longestBefore = longest(at: instant)
        current = nil
    }

    /// The longest wait; nil if there was none.
    func longest(at instant: Duration) -> Wait? {
        let present = current.map {
            Wait(obstacle: $0.obstacle, duration: instant - $0.since)
        }
        return [longestBefore, present].compactMap(\.self).max { $0.duration < $1.duration }
    }
}

extension Waits.Wait: CustomStringConvertible {
    /// Completes "it waited".
    var description: String {
        switch obstacle {
        case .heap(let name): "\(duration.inSeconds) for other runs on heap \(name)"
        case .workers: "\(duration.inSeconds) for a worker, as all were in use"
        }
    }
}

extension ExecutionFailure {
    /// The deadline came before the script began, and mostly others are the reason.
    static func notBegun(_ wait: Waits.Wait, timeoutMax: Duration?) -> ExecutionFailure {
        let advice: String =
            switch wait.obstacle {
            case .heap: "Try again when they have ended, or use another heap"
            case .workers: "Try again later"
            }
        let longer = timeoutMax.map { "; timeout_ms may be up to \($0.inMilliseconds)" } ?? ""
        return ExecutionFailure(
            .busy,
            "Nothing ran: the call waited \(wait), and its time was over then. \(advice)\(longer).")
    }

    /// The deadline came while the script ran, or while it was prepared.
    ///
    /// - Parameter timeoutMax: what a caller may ask for; nil where it cannot ask.
    static func timeout(
        _ timeout: Duration, timeoutMax: Duration?, pending: String?, after wait: Waits.Wait?
    ) -> ExecutionFailure {
        var details = ""
        if let wait { details += "; before, it waited \(wait)" }
        if let pending { details += "; it was waiting for \(pending)" }
        guard let timeoutMax else {
            return ExecutionFailure(
                .timeout,
                "The call did not end within \(timeout.inSeconds)\(details). Ask for less.")
        }
        let advice =
            timeout < timeoutMax
            ? "give a longer timeout_ms (at most \(timeoutMax.inMilliseconds)), or do less in one "
                + "run."
            : "do less in one run, as timeout_ms is at most \(timeoutMax.inMilliseconds)."
        return ExecutionFailure(
            .timeout,
            "The run did not end within its timeout_ms, \(timeout.inSeconds)\(details). Nothing of "
                + "it was kept: \(advice)")
    }
}

extension Duration {
    fileprivate var inMilliseconds: Int { Int(self / .milliseconds(1)) }
}
