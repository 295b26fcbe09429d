import HTTPTypes
import HummingbirdCore
import Synchronization

/// Who is let in, and how often: one for all addresses that a server listens on.
package final class Admission: Sendable {
    /// Whose rate is counted.
    private enum Owner: Hashable {
        case principal(Principal)
        case address(ClientAddress)
    }

    /// A request that may be served.
    struct Admitted {
        let route: Route
        /// Nil where a probe came without a token though others need one.
        let principal: Principal?
    }

    let connections: ConnectionCensus
    private let policy: AccessPolicy
    private let authentication: Authentication?
    private let limits: HTTPLimits
    private let requests: Allowances<Owner>?
    private let failures: Allowances<ClientAddress>
    private let inFlight = Mutex<[Principal: Int]>([:])
    private let sessionCounts = Mutex<[@Sendable () -> Int]>([])

    /// Lets in whom the policy allows and who, where it is asked for, brings a good token.
    package init(
        policy: AccessPolicy, authentication: Authentication? = nil,
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.policy = policy
        self.authentication = authentication
        self.limits = limits
        connections = ConnectionCensus(limit: limits.connectionsPerAddress)
        requests = limits.requestRate.map {
            Allowances(burst: $0.burst, interval: .seconds(1) / $0.perSecond)
        }
        let count = limits.failuresPerMinute.count
        failures = Allowances(burst: count, interval: .seconds(60) / count)
    }

    /// How many connections are open.
    package var connectionCount: Int { connections.count }

    /// How many requests are being served.
    package var requestCount: Int { inFlight.withLock { $0.values.reduce(0, +) } }

    /// How many sessions and streams there are.
    package var sessionCount: Int { sessionCounts.withLock { $0 }.reduce(0) { $0 + $1() } }

    /// Counts the sessions of one more transport.
    func addSessions(_ count: @escaping @Sendable () -> Int) {
        sessionCounts.withLock { $0.append(count) }
    }

    /// Decides on a request by its head.
    func admit(
        _ request: HTTPRequest, from address: ClientAddress, endpoints: Set<Endpoint>
    ) async throws(Refusal) -> Admitted {
        try policy.checkOrigin(of: request)
        let route = Result { () throws(Refusal) in try Route(request, endpoints: endpoints) }
        let isOpen = if case .success(let route) = route { route.isOpen } else { false }
        if case .success(let route) = route, isOpen, !isKnown(request, to: route) {
            return Admitted(route: route, principal: nil)
        }
        // Before anything is told of what there is.
        let principal = try await authenticate(request, from: address)
        if !isOpen { try countRequest(of: principal, from: address) }
        return Admitted(route: try route.get(), principal: principal)
    }

    /// The document on where tokens for an endpoint are made.
    func metadata(for request: HTTPRequest, path: String) throws(Refusal) -> Response {
        guard let authentication else { throw .path }
        return try authentication.metadata(for: request, path: path)
    }

    /// Counts a request as being served, until ``endRequest(of:)``.
    func beginRequest(of principal: Principal) throws(Refusal) {
        let ownMax =
            principal == .anyone
            ? limits.requestsInFlightMax : limits.requestsInFlightPerPrincipalMax
        let isRoom = inFlight.withLock { counts in
            let own = counts[principal, default: 0]
            guard own < ownMax, counts.values.reduce(0, +) < limits.requestsInFlightMax else {
                return false
            }
            counts[principal] = own + 1
            return true
        }
        guard isRoom else {
            throw Refusal(
                .serviceUnavailable, "Too many requests are being served. Try again later.",
                headers: [.retryAfter: "1"], cause: .inFlight)
        }
    }

    func endRequest(of principal: Principal) {
        inFlight.withLock { counts in
            guard let count = counts[principal] else { return }
            counts[principal] = count > 1 ? count - 1 : nil
        }
    }

    /// Whether it matters to an open route who asks, and can be found out.
    private func isKnown(_ request: HTTPRequest, to route: Route) -> Bool {
        guard route == .readiness else { return false }
        return authentication == nil || request.headerFields.contains(.authorization)
    }

    private func authenticate(
        _ request: HTTPRequest, from address: ClientAddress
    ) async throws(Refusal) -> Principal {
        guard let authentication else { return .anyone }
        let isCounted = limits.failuresPerMinute.applies(to: address)
        if isCounted, let wait = failures.waiting(for: address) {
            throw .tooMany("Too many tokens that are not accepted", wait, cause: .failures)
        }
        do {
            return try await authentication.principal(of: request)
        } catch {
            // Who has no token yet asks where to get one, and has guessed nothing.
            if isCounted, error.cause == .badToken { _ = failures.take(from: address) }
            throw error
        }
    }

    private func countRequest(
        of principal: Principal, from address: ClientAddress
    ) throws(Refusal) {
        let owner = principal == .anyone ? Owner.address(address) : .principal(principal)
        if let wait = requests?.take(from: owner) {
            throw .tooMany("Too many requests", wait, cause: .rate)
        }
    }
}

extension Refusal {
    fileprivate static func tooMany(_ message: String, _ wait: Duration, cause: Cause) -> Refusal {
        let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
        return Refusal(
            .tooManyRequests, "\(message). Try again in \(seconds) s.",
            headers: [.retryAfter: "\(seconds)"], cause: cause)
    }
}
