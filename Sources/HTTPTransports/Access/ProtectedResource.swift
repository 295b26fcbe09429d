import HTTPTypes
import MCP

/// An endpoint as authorization servers know it: by its URL.
///
/// The URL is the first audience of tokens that is one; otherwise it is what the client calls the
/// server, whose `Host` was checked.
struct ProtectedResource {
    private static let wellKnown = "/.well-known/oauth-protected-resource"

    /// Scheme, name and port, such as `https://js.example.com`.
    private let origin: String
    private let path: String

    /// The resource that a request is for; nil where no authorization server is known.
    ///
    /// - Parameter path: where that is not the path of the request itself.
    init?(of request: HTTPRequest, to requirements: TokenRequirements?, path: String? = nil) {
        guard let requirements else { return nil }
        let own = requirements.audiences.first {
            $0.hasPrefix("https://") || $0.hasPrefix("http://")
        }
        let requested = (request.path ?? "").prefix { $0 != "?" }
        if let own, let scheme = own.firstRange(of: "://") {
            let authority = own[scheme.upperBound...].prefix { $0 != "/" }
            origin = String(own[..<authority.endIndex])
            self.path = String(own[authority.endIndex...])
        } else {
            origin = "\(request.scheme ?? "http")://\(request.authority ?? "localhost")"
            self.path = path ?? String(requested)
        }
    }

    /// Where its document is.
    var metadataURL: String { origin + ProtectedResource.wellKnown + (path == "/" ? "" : path) }

    /// The path of an endpoint whose document is at a path; nil for other paths.
    static func path(ofMetadata path: some StringProtocol) -> String? {
        guard path.hasPrefix(wellKnown) else { return nil }
        let rest = path.dropFirst(wellKnown.count)
        return rest.isEmpty || rest.hasPrefix("/") ? String(rest) : nil
    }

    /// What the document says.
    func metadata(_ requirements: TokenRequirements) -> JSON {
        var document: JSONObject = [
            "resource": .string(origin + path),
            "authorization_servers": [.string(requirements.issuer)],
            "bearer_methods_supported": ["header"],
            "resource_name": "mcp-v8",
        ]
        if !requirements.scopes.isEmpty {
            document["scopes_supported"] = .array(requirements.scopes.map(JSON.string))
        }
        return .object(document)
    }
}
