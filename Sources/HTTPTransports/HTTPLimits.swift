/// How much one client may take, and how long the transport waits for it.
package struct HTTPLimits: Hashable, Sendable {
    /// The largest body of a request.
    package var bodyByteCountMax = 4 << 20
    /// The largest header.
    package var headerByteCountMax = 16 << 10
    /// The most bytes of all headers of a request.
    package var headersByteCountMax = 32 << 10
    /// The most headers of a request.
    package var headerCountMax = 100
    /// Connections at a time; more wait in the kernel's queue.
    package var connectionsMax = 1024
    /// Connections from one address at a time; one more is closed at once.
    package var connectionsPerAddress = AddressLimit(64)
    /// Requests that are served at a time, each of which may have a whole body in memory.
    package var requestsInFlightMax = 256
    /// How fast requests of one token, or else of one address, may come; nil for any.
    package var requestRate: RequestRate?
    /// How many tokens that are not accepted one address may send in a minute.
    package var failuresPerMinute = AddressLimit(10)
    /// Sessions of legacy clients at a time.
    package var sessionsMax = 10_000
    /// Those of one token; without tokens nobody can be told from others.
    package var sessionsPerPrincipalMax = 1_000
    /// Streams of HTTP+SSE clients at a time; fewer than connections, so that they can be answered.
    package var streamsMax = 512
    /// Those of one token.
    package var streamsPerPrincipalMax = 128
    /// Those of the requests at a time that one token may have: the rest is left to others.
    package var requestsInFlightPerPrincipalMax: Int { (3 * requestsInFlightMax + 3) / 4 }
    /// How long a session of a legacy client lives without a request.
    package var sessionIdle = Duration.seconds(1800)
    /// How long a client may take to agree on TLS.
    package var handshakeTimeout = Duration.seconds(10)
    /// How long the head of a request may take to come.
    package var headTimeout = Duration.seconds(10)
    /// How long a connection may be without a request.
    package var connectionIdle = Duration.seconds(60)
    /// How long the body of a request may take to come.
    package var bodyTimeout = Duration.seconds(30)
    /// How long the client of a refused request may go on sending its body.
    package var linger = Duration.seconds(5)
    /// After so long without a result an answer becomes a stream of events.
    package var streamDelay = Duration.seconds(1)
    /// How often a stream without events shows that it is alive.
    package var keepAlive = Duration.seconds(15)
    /// How long written bytes may stay unread by the client's machine before it is given up.
    package var writeStall = Duration.seconds(30)
    /// Notifications beyond so many unwritten bytes are dropped: progress is not worth memory.
    package var notificationByteCountMax = 1 << 20
    /// With more unwritten bytes than this a stream's client may not ask for more.
    package var unwrittenByteCountMax = 8 << 20

    /// Makes the default limits.
    package init() {}
}

/// So many requests at once, and then so many each second.
package struct RequestRate: Hashable, Sendable {
    /// How many each second, on average.
    package var perSecond: Int
    /// How many at once.
    package var burst: Int

    /// Sets a rate.
    package init(perSecond: Int, burst: Int) {
        self.perSecond = perSecond
        self.burst = burst
    }
}
