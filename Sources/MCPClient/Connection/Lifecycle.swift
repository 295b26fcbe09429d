/// What becomes of the connection to one server: when it is started, used, given up and ended.
///
/// Pure: it is told the time, and says what is to be done. `Session` is what a ready connection is
/// used through.
struct Lifecycle<Session> {
    typealias Instant = ContinuousClock.Instant

    private enum Phase {
        /// Nothing runs. Next: `starting`, `stopped`.
        case idle
        /// One caller starts it, others wait. Next: `ready`, `failed`, `stopped`.
        case starting
        /// In use. Next: `failed` if it ends by itself, `idle` if nobody uses it, `stopped`.
        case ready(Session, since: Instant, callCount: Int, lastUse: Instant)
        /// It ended or could not be started; not before a moment is it tried again. Next:
        /// `starting`, `stopped`.
        case failed(UpstreamError, until: Instant)
        /// Terminal.
        case stopped
    }

    /// What a caller that wants to use the connection has to do.
    enum Admission {
        case use(Session)
        /// Start it, and report how that went.
        case start
        /// Wait for who starts it, and ask again.
        case await
        /// Wait until then, and ask again.
        case pause(until: Instant)
        case refuse(UpstreamError)
    }

    private static var firstPause: Duration { .milliseconds(500) }
    private static var pauseMax: Duration { .seconds(30) }
    private static var failureCountMax: Int { 5 }
    /// How long nothing is tried after so many failures.
    private static var breakTime: Duration { .seconds(60) }
    /// What ran for so long has not failed at once.
    private static var soundTime: Duration { .seconds(60) }

    private var phase = Phase.idle
    private var failureCount = 0

    /// Begins a call, if the connection is ready.
    mutating func admit(at now: Instant) -> Admission {
        switch phase {
        case .ready(let session, let since, let count, _):
            phase = .ready(session, since: since, callCount: count + 1, lastUse: now)
            return .use(session)
        case .starting: return .await
        case .idle:
            phase = .starting
            return .start
        case .failed(let error, let until):
            if now >= until {
                phase = .starting
                return .start
            }
            // A server that fails again and again is not waited for.
            guard failureCount < Self.failureCountMax else { return .refuse(error.asNotSent) }
            return .pause(until: until)
        case .stopped: return .refuse(.stopped)
        }
    }

    /// Ends a call that was admitted; one on a connection that is no longer in use counts nowhere.
    mutating func release(at now: Instant, isCurrent: (Session) -> Bool) {
        guard case .ready(let session, let since, let count, _) = phase, isCurrent(session) else {
            return
        }
        phase = .ready(session, since: since, callCount: max(0, count - 1), lastUse: now)
    }

    /// What was started is ready; false if it was stopped meanwhile, and must be ended.
    mutating func didStart(_ session: Session, at now: Instant) -> Bool {
        guard case .starting = phase else { return false }
        phase = .ready(session, since: now, callCount: 0, lastUse: now)
        return true
    }

    /// It could not be started.
    mutating func didFail(_ error: UpstreamError, at now: Instant) {
        guard case .starting = phase else { return }
        fail(error, at: now)
    }

    /// A connection that was ready ended by itself.
    mutating func didEnd(
        _ error: UpstreamError, at now: Instant, isCurrent: (Session) -> Bool
    ) {
        guard case .ready(let session, let since, _, _) = phase, isCurrent(session) else { return }
        if now - since >= Self.soundTime { failureCount = 0 }
        fail(error, at: now)
    }

    /// A server forgot a session of ours; that is no failure, and a new one may begin at once.
    ///
    /// - Returns: what to end, unless another caller has done so.
    mutating func forget(isCurrent: (Session) -> Bool) -> Session? {
        guard case .ready(let session, _, _, _) = phase, isCurrent(session) else { return nil }
        phase = .idle
        return session
    }

    /// Gives up a connection that no call has used for so long, and which must then be ended.
    mutating func retire(idleFor duration: Duration, at now: Instant) -> Session? {
        guard case .ready(let session, _, 0, let lastUse) = phase, now - lastUse >= duration else {
            return nil
        }
        phase = .idle
        return session
    }

    /// Ends for good; what is running must be ended.
    mutating func stop() -> Session? {
        defer { phase = .stopped }
        if case .ready(let session, _, _, _) = phase { return session }
        return nil
    }

    /// The connection, if it is ready.
    var session: Session? {
        if case .ready(let session, _, _, _) = phase { session } else { nil }
    }

    private mutating func fail(_ error: UpstreamError, at now: Instant) {
        failureCount += 1
        let pause: Duration
        if failureCount >= Self.failureCountMax {
            pause = Self.breakTime
        } else {
            pause = min(Self.pauseMax, Self.firstPause * (1 << (failureCount - 1)))
        }
        phase = .failed(error, until: now + pause)
    }

    /// A call succeeded, so what failed before no longer counts.
    mutating func didSucceed() { failureCount = 0 }
}

extension UpstreamError {
    static let stopped = UpstreamError(.unavailable, "The connection was closed", .notSent)
}
