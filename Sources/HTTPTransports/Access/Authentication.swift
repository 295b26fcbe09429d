import Crypto
import HTTPTypes
import HummingbirdCore
import MCP
import Synchronization

/// How clients show who they are: with one of the server's own tokens, or with one that an
/// authorization server made.
package final class Authentication: Sendable {
    private let tokens: Mutex<BearerTokens?>
    let verifier: TokenVerifier?

    /// Accepts these tokens, and those that the verifier finds good.
    package init(tokens: BearerTokens?, verifier: TokenVerifier? = nil) {
        self.tokens = Mutex(tokens)
        self.verifier = verifier
    }

    /// Accepts other tokens from now on; those of the verifier stay.
    package func replace(_ tokens: BearerTokens) {
        self.tokens.withLock { $0 = tokens }
    }

    /// Finds out who sent a request.
    ///
    /// - Throws: a refusal with the challenge that tells a client where to get a token.
    func principal(of request: HTTPRequest) async throws(Refusal) -> Principal {
        let values = request.headerFields[values: .authorization]
        guard let value = values.first else { throw challenge(request, .missing) }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw challenge(request, .missing)
        }
        let token = Array(parts[1].utf8.drop { $0 == 0x20 })
        if let digest = tokens.withLock({ $0?.digest(of: token) }) { return .token(digest) }
        switch await verifier?.check(token) {
        case .subject(let subject): return .subject(subject)
        case .invalid, nil: throw challenge(request, .invalid)
        case .insufficientScope: throw challenge(request, .insufficientScope)
        case .unknown:
            throw Refusal(
                .serviceUnavailable, "The keys of the authorization server cannot be fetched",
                headers: [.retryAfter: "10"])
        }
    }
}

// MARK: - What clients are told

extension Authentication {
    private enum Complaint {
        case missing
        case invalid
        case insufficientScope
    }

    private func challenge(_ request: HTTPRequest, _ complaint: Complaint) -> Refusal {
        var parameters: [(String, String)] = []
        switch complaint {
        case .missing: break
        case .invalid: parameters.append(("error", "invalid_token"))
        case .insufficientScope: parameters.append(("error", "insufficient_scope"))
        }
        if let resource = ProtectedResource(of: request, to: verifier?.requirements) {
            parameters.append(("resource_metadata", resource.metadataURL))
        }
        if let scopes = verifier?.requirements.scopes, !scopes.isEmpty {
            parameters.append(("scope", scopes.joined(separator: " ")))
        }
        let list = parameters.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ", ")
        let headers = [HTTPField.Name.wwwAuthenticate: list.isEmpty ? "Bearer" : "Bearer \(list)"]
        switch complaint {
        case .insufficientScope:
            return Refusal(.forbidden, "The token does not allow this", headers: headers)
        case .missing:
            return Refusal(.unauthorized, "A bearer token is required", headers: headers)
        case .invalid:
            return Refusal(
                .unauthorized, "The bearer token is not accepted", headers: headers,
                cause: .badToken)
        }
    }

    /// The document that says where tokens for an endpoint are made (RFC 9728).
    ///
    /// - Parameter path: the endpoint's, or empty for the server as a whole.
    func metadata(for request: HTTPRequest, path: String) throws(Refusal) -> Response {
        guard let requirements = verifier?.requirements,
            let resource = ProtectedResource(of: request, to: requirements, path: path)
        else { throw .path }
        return Response(json: resource.metadata(requirements).encoded(), status: .ok)
    }
}
