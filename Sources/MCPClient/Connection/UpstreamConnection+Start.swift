import MCP
import Synchronization

// MARK: - Starting

extension UpstreamConnection {
    /// A connection that is ready, which is started where there is none.
    ///
    /// The caller must end its use with ``release(_:)``.
    func admit() async throws(UpstreamError) -> Session {
        while true {
            if Task.isCancelled { throw .callerGone.asNotSent }
            let now = timing.now()
            let (admission, attempt) = state.withLock { state in
                let admission = state.lifecycle.admit(at: now)
                if case .start = admission { state.attempt = Attempt() }
                return (admission, state.attempt)
            }
            switch admission {
            case .use(let session): return session
            case .refuse(let error): throw error
            case .pause(let until):
                do { try await timing.sleep(until - now) } catch { throw .callerGone.asNotSent }
            case .start:
                // It goes on when this caller gives up: others wait for it, too.
                Task { [self] in if let attempt { await start(attempt) } }
                try await wait(for: attempt)
            case .await: try await wait(for: attempt)
            }
        }
    }

    func release(_ session: Session) {
        let now = timing.now()
        state.withLock { $0.lifecycle.release(at: now) { $0.is(session.wire) } }
    }

    private func wait(for attempt: Attempt?) async throws(UpstreamError) {
        guard let attempt else { return }
        await attempt.isOver.wait()
        if let failure = attempt.failure.withLock({ $0 }) { throw failure.asNotSent }
    }

    private func start(_ attempt: Attempt) async {
        let limit = limits.startTimeout
        let result = await timing.within(
            { [start = timing.now()] in start + limit },
            onTimeout: { _ in
                UpstreamError(
                    .unavailable, "The server was not ready within \(limit / .seconds(1)) s",
                    .notSent, retry: .sensible)
            },
            { [self] in await Result { () async throws(UpstreamError) in try await connect() } })
        let now = timing.now()
        switch result {
        case .failure(let error):
            let error = scrubber.scrub(error)
            attempt.failure.withLock { $0 = error }
            state.withLock { $0.lifecycle.didFail(error, at: now) }
        case .success(let session):
            let isWanted = state.withLock { state in
                // It knows the other era no more tomorrow than today.
                if session.greeting.revision.era == .legacy { state.era = .legacy }
                return state.lifecycle.didStart(session, at: now)
            }
            if isWanted {
                // It may have ended before anybody could be told.
                if session.wire.isGone { didEnd(session.wire, .ended("it ended", lastWords: "")) }
            } else {
                await end(session)
            }
        }
        attempt.isOver.send()
    }

    private func didEnd(_ wire: any Wire, _ error: UpstreamError) {
        let now = timing.now()
        let error = scrubber.scrub(error)
        let wasCurrent = state.withLock { state in
            guard state.lifecycle.session?.is(wire) == true else { return false }
            state.lifecycle.didEnd(error, at: now) { $0.is(wire) }
            return true
        }
        if wasCurrent { onEvent(.ended(error)) }
    }
}

// MARK: - The handshake

extension UpstreamConnection {
    private func connect() async throws(UpstreamError) -> Session {
        let era = state.withLock { $0.era }
        var handshake = Handshake(era)
        var step = handshake.first
        var wire = try open()
        while true {
            switch step {
            case .probe(let revision):
                let outcome = await outcome(
                    of: Question("server/discover"), on: wire, dialect(revision),
                    within: limits.probeTimeout)
                step = handshake.next(after: outcome)
            case .initialize(let revision, let connection):
                if connection == .fresh {
                    await wire.close()
                    wire = try open()
                }
                let dialect = dialect(revision)
                let outcome = await outcome(
                    of: dialect.initialize, on: wire, dialect, within: limits.startTimeout)
                step = handshake.next(after: outcome)
            case .fail(let error):
                await wire.close()
                throw error
            case .ready(let greeting): return try await session(wire, greeting)
            }
        }
    }

    private func open() throws(UpstreamError) -> any Wire {
        try makeWire(inbox) { [weak self] wire, error in self?.didEnd(wire, error) }
    }

    private func dialect(_ revision: ProtocolRevision) -> Dialect {
        Dialect(revision: revision, client: client, capabilities: capabilities)
    }

    private func session(
        _ wire: any Wire, _ greeting: Greeting
    ) async throws(UpstreamError) -> Session {
        let dialect = dialect(greeting.revision)
        if greeting.revision.era == .legacy {
            do throws(UpstreamError) {
                try await wire.notify(Notice.initialized, as: dialect)
            } catch {
                await wire.close()
                throw error
            }
        }
        let lists = ["tools", "resources"].contains { greeting.announcesChanges(of: $0) }
        let listener = Task { if lists { await wire.listen(as: dialect) } }
        return Session(wire: wire, dialect: dialect, greeting: greeting, listener: listener)
    }

    private func outcome(
        of question: Question, on wire: any Wire, _ dialect: Dialect, within limit: Duration
    ) async -> Handshake.Outcome {
        let result = await timing.within(
            { [start = timing.now()] in start + limit },
            onTimeout: { _ in UpstreamError(.timeout, "No answer in time") },
            {
                await Result { () async throws(UpstreamError) in
                    try await wire.ask(question, as: dialect)
                }
            })
        switch result {
        case .success(.success(let result)): return .result(result)
        case .success(.failure(let failure)): return .failure(failure)
        case .failure(let error) where error.kind == .timeout: return .silence
        case .failure(let error): return .broken(error)
        }
    }
}

extension Result where Failure == UpstreamError {
    /// The result of what may throw.
    init(_ body: () async throws(UpstreamError) -> Success) async {
        do throws(UpstreamError) {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
