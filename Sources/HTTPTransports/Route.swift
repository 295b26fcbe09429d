import HTTPTypes

/// A family of endpoints that a server may have.
package enum Endpoint: Hashable, Sendable, CaseIterable {
    /// `/mcp`, Streamable HTTP.
    case streamableHTTP
    /// `/sse` and `/message`, HTTP+SSE.
    case serverSentEvents
}

/// What a request asks for.
enum Route: Hashable {
    /// A message of Streamable HTTP.
    case message
    /// The end of a session of Streamable HTTP.
    case endOfSession
    /// A stream of HTTP+SSE.
    case stream
    /// A message of HTTP+SSE, with what it says of its session.
    case streamMessage(sessionID: String?)
    /// Whether the process is alive, and whether it can serve.
    case health
    case readiness
    case metrics
    /// Where tokens for the endpoint at a path are made.
    case resourceMetadata(path: String)

    /// The longest target of a request.
    static let targetByteCountMax = 8 << 10

    init(_ request: HTTPRequest, endpoints: Set<Endpoint>) throws(Refusal) {
        let target = request.path ?? ""
        guard target.utf8.count <= Route.targetByteCountMax else {
            throw Refusal(.uriTooLong, "The request's target is too long")
        }
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1)
        // Many write an endpoint's address with a slash behind it.
        switch path.hasSuffix("/") ? path.dropLast() : path {
        case "/mcp" where endpoints.contains(.streamableHTTP):
            switch request.method {
            case .post: self = .message
            case .delete: self = .endOfSession
            default: throw .method(allowed: "POST, DELETE")
            }
        case "/sse" where endpoints.contains(.serverSentEvents):
            self = try Route.stream.only(.get, request)
        case "/message" where endpoints.contains(.serverSentEvents):
            let id = Route.value(of: "sessionId", in: query)
            self = try Route.streamMessage(sessionID: id).only(.post, request)
        case "/healthz": self = try Route.health.only(.get, request)
        case "/readyz": self = try Route.readiness.only(.get, request)
        case "/metrics": self = try Route.metrics.only(.get, request)
        default:
            guard let path = ProtectedResource.path(ofMetadata: path) else { throw .path }
            self = try Route.resourceMetadata(path: path).only(.get, request)
        }
    }

    /// Whether it is answered without a token: probes have none, and who looks for where to get one
    /// has none yet.
    var isOpen: Bool {
        switch self {
        case .health, .readiness, .resourceMetadata: true
        case .message, .endOfSession, .stream, .streamMessage, .metrics: false
        }
    }

    /// Whether the request's body is a message.
    var hasMessage: Bool {
        switch self {
        case .message, .streamMessage: true
        case .endOfSession, .stream, .health, .readiness, .metrics, .resourceMetadata: false
        }
    }

    private func only(_ method: HTTPRequest.Method, _ request: HTTPRequest) throws(Refusal) -> Route
    {
        guard request.method == method else { throw .method(allowed: method.rawValue) }
        return self
    }

    /// A parameter of a query; ids have no characters that would be escaped.
    private static func value(of name: String, in query: Substring) -> String? {
        let values = query.split(separator: "&").filter { $0.hasPrefix(name + "=") }
        return values.count == 1 ? values.first.map { String($0.dropFirst(name.count + 1)) } : nil
    }
}
