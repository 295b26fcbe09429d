/// Where a server of Streamable HTTP is, and what every request to it carries.
package struct HTTPTarget: Hashable, Sendable {
    /// The whole address, `http` or `https`.
    package var url: String
    /// Headers of the operator's; they hold secrets.
    package var headers: [String: String]
    /// A file with certificates to trust, in place of the system's.
    package var authoritiesPath: String?

    /// Describes a server.
    package init(url: String, headers: [String: String] = [:], authoritiesPath: String? = nil) {
        self.url = url
        self.headers = headers
        self.authoritiesPath = authoritiesPath
    }
}

extension HTTPTarget {
    /// The address that a redirect leads to, if it is on the same origin; secrets go nowhere else.
    func following(_ location: String) -> HTTPTarget? {
        guard let origin = Self.origin(of: url) else { return nil }
        var target = self
        if location.hasPrefix("/"), !location.hasPrefix("//") {
            target.url = origin + location
            return target
        }
        guard Self.origin(of: location) == origin else { return nil }
        target.url = location
        return target
    }

    /// The scheme and authority of an address, in lower case.
    static func origin(of url: String) -> String? {
        guard let match = url.lowercased().firstMatch(of: /^https?:\/\/[^\/?#\\@\s]+/) else {
            return nil
        }
        return String(match.0)
    }

    /// Whether it says who we are.
    var hasCredentials: Bool {
        headers.keys.contains { $0.lowercased() == "authorization" }
    }
}
