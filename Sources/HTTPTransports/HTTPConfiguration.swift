package import MCP

/// Where a transport listens, and what it serves there.
package struct HTTPConfiguration: Sendable {
    /// The address or name to listen on.
    package var host: String
    /// The port to listen on; 0 for any that is free.
    package var port: Int
    /// What is served there, beside the probes.
    package var endpoints: Set<Endpoint>
    /// Who is let in; may be shared with others.
    package var admission: Admission
    /// What clients are shown where they speak TLS; nil for none.
    package var tls: TLSIdentity?
    /// How much of everything.
    package var limits: HTTPLimits

    /// Says where to listen.
    package init(
        host: String, port: Int, endpoints: Set<Endpoint>, admission: Admission,
        tls: TLSIdentity? = nil, limits: HTTPLimits = HTTPLimits()
    ) {
        self.host = host
        self.port = port
        self.endpoints = endpoints
        self.admission = admission
        self.tls = tls
        self.limits = limits
    }
}

/// What a transport asks the rest of the server, and tells it.
package struct HTTPProbes: Sendable {
    /// Whether requests can be served.
    package struct Readiness: Sendable {
        /// Why not, in words that tell nothing of this machine; nil if they can.
        package var reason: String?
        /// Whether they are served without something that should be there.
        package var isDegraded = false
        /// More about it, as a JSON object, for whom the server trusts.
        package var details: JSON

        /// Tells a readiness.
        package init(reason: String? = nil, isDegraded: Bool = false, details: JSON = [:]) {
            self.reason = reason
            self.isDegraded = isDegraded
            self.details = details
        }

        /// The same in a word.
        var status: String {
            reason != nil ? "not ready" : isDegraded ? "degraded" : "ready"
        }
    }

    /// What came of one request.
    package struct Outcome: Sendable {
        /// The status of the response.
        package var status: Int
        /// From the request's head to the last byte of the response; nil where there was no head.
        package var duration: Duration?
        /// Why the client was refused, where that is worth counting.
        package var cause: Refusal.Cause?
    }

    /// Answers `/readyz`.
    package var readiness: @Sendable () async -> Readiness
    /// Answers `/metrics`, in the text format of Prometheus.
    package var metrics: @Sendable () async -> String
    /// Told of each request.
    package var onOutcome: @Sendable (Outcome) -> Void
    /// Told of each connection that was refused.
    package var onRefusedConnection: @Sendable () -> Void

    /// Says whom to ask; by default a server is always ready, and has no metrics.
    package init(
        readiness: @escaping @Sendable () async -> Readiness = { Readiness() },
        metrics: @escaping @Sendable () async -> String = { "" },
        onOutcome: @escaping @Sendable (Outcome) -> Void = { _ in },
        onRefusedConnection: @escaping @Sendable () -> Void = {}
    ) {
        self.readiness = readiness
        self.metrics = metrics
        self.onOutcome = onOutcome
        self.onRefusedConnection = onRefusedConnection
    }
}
