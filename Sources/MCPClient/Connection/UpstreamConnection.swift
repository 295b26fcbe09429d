package import Logging
package import MCP
import Synchronization

/// Where a server is, or how it is started.
package enum UpstreamTransport: Hashable, Sendable {
    /// A process of ours.
    case stdio(ServerCommand)
    /// Somebody else's, over Streamable HTTP.
    case http(HTTPTarget)

    /// What errors must not show.
    var secrets: [String] {
        switch self {
        case .stdio(let command): Array(command.environment.values)
        case .http(let target): Array(target.headers.values)
        }
    }
}

/// One upstream server: started when it is first asked something, and again after it ended.
package final class UpstreamConnection: Sendable {
    /// A connection over which both sides have agreed on a revision.
    struct Session: Sendable {
        var wire: any Wire
        var dialect: Dialect
        var greeting: Greeting
        /// Takes what the server sends by itself.
        var listener: Task<Void, Never>

        func `is`(_ wire: any Wire) -> Bool { self.wire === wire }
    }

    /// One attempt to start, for which several calls may wait.
    final class Attempt: Sendable {
        let isOver = CancellationSignal()
        let failure = Mutex<UpstreamError?>(nil)
    }

    struct State {
        var lifecycle = Lifecycle<Session>()
        var attempt: Attempt?
        /// What the server turned out to speak.
        var era: UpstreamEra
    }

    let state: Mutex<State>
    let client: Implementation
    let limits: UpstreamLimits
    let timing: UpstreamTiming
    let scrubber: Scrubber
    let gate: CallGate
    let inbox: Inbox
    let capabilities: JSONObject
    let onEvent: @Sendable (UpstreamEvent) -> Void
    let log: Logger
    let makeWire: WireMaker
    private let carrier: (any HTTPCarrier)?

    /// Makes a wire; the last argument is called when it ends by itself.
    typealias WireMaker =
        @Sendable (Inbox, @escaping @Sendable (any Wire, UpstreamError) -> Void)
        throws(UpstreamError) -> any Wire

    /// Describes a connection; nothing is started yet.
    ///
    /// - Parameters:
    ///   - client: what we tell the server of ourselves.
    ///   - handler: answers what the server asks of us; without it that is refused.
    ///   - onEvent: called from any thread, and must return soon.
    package convenience init(
        _ transport: UpstreamTransport, era: UpstreamEra = .automatic, client: Implementation,
        limits: UpstreamLimits = UpstreamLimits(), handler: (any ServerRequestHandler)? = nil,
        timing: UpstreamTiming = .system, log: Logger,
        onEvent: @escaping @Sendable (UpstreamEvent) -> Void = { _ in }
    ) {
        var carrier: (any HTTPCarrier)?
        if case .http(let target) = transport {
            carrier = HTTPConnectionPool(authoritiesPath: target.authoritiesPath)
        }
        self.init(
            secrets: transport.secrets, era: era, client: client, limits: limits,
            handler: handler, timing: timing, log: log, onEvent: onEvent, carrier: carrier
        ) { [carrier] (inbox, onEnd) throws(UpstreamError) in
            switch transport {
            case .stdio(let command):
                return try StdioWire.start(
                    command, inbox: inbox, limits: limits, log: log, onEnd: onEnd)
            case .http(let target):
                guard let carrier else { throw .stopped }
                return HTTPWire(
                    target, carrier: carrier, inbox: inbox, limits: limits, timing: timing)
            }
        }
    }

    init(
        secrets: [String] = [], era: UpstreamEra, client: Implementation, limits: UpstreamLimits,
        handler: (any ServerRequestHandler)? = nil, timing: UpstreamTiming, log: Logger,
        onEvent: @escaping @Sendable (UpstreamEvent) -> Void, carrier: (any HTTPCarrier)? = nil,
        makeWire: @escaping WireMaker
    ) {
        state = Mutex(State(era: era))
        self.client = client
        self.limits = limits
        self.timing = timing
        self.log = log
        self.onEvent = onEvent
        self.carrier = carrier
        self.makeWire = makeWire
        scrubber = Scrubber(secrets)
        capabilities = handler?.capabilities ?? [:]
        gate = CallGate(
            insideCountMax: limits.callsAtATimeMax, waitingCountMax: limits.callsWaitingMax)
        inbox = Inbox(handler: handler, limits: limits, log: log, onEvent: onEvent)
    }

    /// What the server said of itself, while there is a connection.
    package var greeting: Greeting? { state.withLock { $0.lifecycle.session?.greeting } }

    /// Ends a connection that no call has used for so long; the next call starts it again.
    package func stopIfIdle(for duration: Duration) async {
        let now = timing.now()
        await end(state.withLock { $0.lifecycle.retire(idleFor: duration, at: now) })
    }

    /// Ends it for good: the process and what it started are gone when this returns.
    package func stop() async {
        let (session, attempt) = state.withLock { ($0.lifecycle.stop(), $0.attempt) }
        await end(session)
        await attempt?.isOver.wait()
        await carrier?.shutDown()
    }

    func end(_ session: Session?) async {
        guard let session else { return }
        session.listener.cancel()
        await session.wire.close()
    }
}
