internal import Synchronization

/// When a request is sent again: the standard mode of the AWS SDKs.
struct RetryPolicy: Sendable {
    /// What an attempt failed by.
    enum Cause: Hashable, Sendable {
        /// The service is asked too much.
        case throttled
        /// An error that passes.
        case transient
        /// There was no answer in time.
        case silence
        /// No connection was made.
        case unreachable
    }

    static let attemptCountDefault = 3
    private static let waitMax = 20.0
    /// Whoever is not there is soon there again, or not at all: people wait for that answer.
    private static let unreachableWaitMax = 0.5
    /// A service may ask for so much of a pause; a longer one is no use to who waits.
    private static let askedWaitMax = Duration.seconds(20)

    var attemptCountMax = RetryPolicy.attemptCountDefault

    /// The pause before an attempt, from the second on: chance spreads those who failed together.
    static func wait(
        before attempt: Int, after cause: Cause = .transient, random: Double
    ) -> Duration {
        let waitMax = cause == .unreachable ? unreachableWaitMax : Self.waitMax
        var limit = min(1.0, waitMax)
        for _ in 0..<max(0, attempt - 2) { limit = min(limit * 2, waitMax) }
        return .milliseconds(Int(random * limit * 1000))
    }

    /// The pause that the service asks for; nil if it does not.
    static func askedWait(_ answer: HTTPAnswer) -> Duration? {
        if let text = answer.header("x-amz-retry-after"), let milliseconds = Int(text) {
            return min(.milliseconds(max(0, milliseconds)), askedWaitMax)
        }
        if let text = answer.header("Retry-After"), let seconds = Int(text) {
            return min(.seconds(max(0, min(seconds, 3600))), askedWaitMax)
        }
        return nil
    }
}

/// What retries cost, so that a service that is down is not asked three times as much.
final class RetryBudget: Sendable {
    private static let tokenCountMax = 500
    private let tokenCount = Mutex(tokenCountMax)

    /// Takes and returns what a retry costs; nil if that is not there.
    func take(_ cause: RetryPolicy.Cause) -> Int? {
        let cost = cause == .silence ? 10 : 5
        return tokenCount.withLock { count in
            guard count >= cost else { return nil }
            count -= cost
            return cost
        }
    }

    /// Gives back: what the retry cost that helped, or one for a request that needed none.
    func give(_ cost: Int?) {
        tokenCount.withLock { $0 = min(Self.tokenCountMax, $0 + (cost ?? 1)) }
    }
}

extension RetryPolicy.Cause {
    /// What an attempt without an answer failed by.
    init(_ failure: HTTPFailure) {
        switch failure {
        case .noConnection: self = .unreachable
        case .silence: self = .silence
        case .broken, .tooLarge: self = .transient
        }
    }
}
