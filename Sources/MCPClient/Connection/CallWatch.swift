import Synchronization

/// Until when one call is waited for: news of it give it more time, up to a limit.
final class CallWatch: Sendable {
    private let start: ContinuousClock.Instant
    private let timeout: Duration
    private let timeoutMax: Duration
    private let lastNews: Mutex<ContinuousClock.Instant>

    init(at start: ContinuousClock.Instant, timeout: Duration, timeoutMax: Duration) {
        self.start = start
        self.timeout = timeout
        self.timeoutMax = max(timeout, timeoutMax)
        lastNews = Mutex(start)
    }

    func hasNews(at now: ContinuousClock.Instant) { lastNews.withLock { $0 = max($0, now) } }

    var deadline: ContinuousClock.Instant {
        min(lastNews.withLock { $0 } + timeout, start + timeoutMax)
    }
}
