/// Where a transport listens, and what it serves there.
package struct HTTPConfiguration: Sendable {
    /// The address or name to listen on.
    package var host: String
    /// The port to listen on; 0 for any that is free.
    package var port: Int
    /// What is served there, beside the probes.
    package var endpoints: Set<Endpoint>
    /// Whose requests are served.
    package var access: AccessPolicy
    /// How much of everything.
    package var limits: HTTPLimits

    /// Says where to listen.
    package init(
        host: String, port: Int, endpoints: Set<Endpoint>, access: AccessPolicy,
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.host = host
        self.port = port
        self.endpoints = endpoints
        self.access = access
        self.limits = limits
    }
}

/// What a transport asks the rest of the server, and tells it.
package struct HTTPProbes: Sendable {
    /// Whether requests can be served.
    package enum Readiness: Hashable, Sendable {
        /// They can; what else there is to say of it, a line each.
        case ready(remarks: [String] = [])
        /// Why not, in words that tell nothing of this machine.
        case notReady(String)
    }

    /// Answers `/readyz`.
    package var readiness: @Sendable () async -> Readiness
    /// Answers `/metrics`, in the text format of Prometheus.
    package var metrics: @Sendable () async -> String
    /// Told the status of each response.
    package var onResponse: @Sendable (_ status: Int) -> Void

    /// Says whom to ask; by default a server is always ready, and has no metrics.
    package init(
        readiness: @escaping @Sendable () async -> Readiness = { .ready() },
        metrics: @escaping @Sendable () async -> String = { "" },
        onResponse: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.readiness = readiness
        self.metrics = metrics
        self.onResponse = onResponse
    }
}
