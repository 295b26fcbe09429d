import HTTPTypes
import HummingbirdCore

/// Whose requests are served.
///
/// A web page that makes its name point at this machine is stopped by `Host`, a page that just
/// sends requests here by `Origin`; ``Authentication`` is for everyone else.
package struct AccessPolicy: Sendable {
    /// The names of the machine itself.
    package static let loopbackNames: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    private let hostNames: Set<String>

    /// Makes a policy.
    ///
    /// - Parameter hostNames: under which clients may know the server, beside those of the machine
    ///   itself; without ports, and IPv6 addresses in brackets.
    package init(hostNames: some Sequence<String> = []) {
        self.hostNames = AccessPolicy.loopbackNames.union(hostNames.map { $0.lowercased() })
    }

    /// Checks that a request was meant for this server and comes from no foreign web page.
    func checkOrigin(of request: HTTPRequest) throws(Refusal) {
        guard let authority = request.authority, !request.headerFields.contains(.host) else {
            throw Refusal(.badRequest, "There must be one Host header")
        }
        guard let host = AccessPolicy.hostName(of: authority), hostNames.contains(host) else {
            throw Refusal(
                .misdirectedRequest, "This host name is not served", cause: .host)
        }
        for origin in request.headerFields[values: .origin] {
            guard let host = AccessPolicy.hostName(ofOrigin: origin), hostNames.contains(host)
            else {
                throw Refusal(.forbidden, "This origin is not allowed", cause: .origin)
            }
        }
    }

    private static func hostName(ofOrigin origin: String) -> String? {
        for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
            return hostName(of: origin.dropFirst(scheme.count))
        }
        return nil
    }

    /// The name in `name:port`, in small letters; nil for anything else.
    private static func hostName(of authority: some StringProtocol) -> String? {
        let name: Substring
        let rest: Substring
        let text = Substring(authority)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            name = text[...end]
            rest = text[text.index(after: end)...]
        } else {
            name = text.prefix { $0 != ":" }
            rest = text.dropFirst(name.count)
        }
        let port = rest.dropFirst()
        let isPort =
            rest.isEmpty || rest.first == ":" && port.allSatisfy { $0.isASCII && $0.isNumber }
        return isPort && !name.isEmpty ? name.lowercased() : nil
    }
}
