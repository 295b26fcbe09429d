/// An address of a service, with the region that requests to it are signed for.
package struct Endpoint: Hashable, Sendable {
    /// How the service is spoken to.
    enum Scheme: String, Hashable, Sendable {
        case http
        case https
    }

    var scheme: Scheme
    /// Without the port; an IPv6 address in brackets.
    var host: String
    /// Nil for the scheme's own.
    var port: Int?
    /// What comes before keys, not encoded: empty, or from a slash on and without one at the end.
    var basePath = ""
    var signingRegion: String

    init(scheme: Scheme, host: String, signingRegion: String) {
        self.scheme = scheme
        self.host = host
        self.signingRegion = signingRegion
    }

    /// Reads an address such as `https://s3.example.com:9000/base`; nil if it is none.
    init?(_ text: String) {
        guard let colon = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased())
        else { return nil }
        let rest = text[colon.upperBound...]
        guard !rest.contains(where: { "#?@ ".contains($0) }) else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        var port: Int?
        if let mark = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = Int(authority[authority.index(after: mark)...]),
                (1...65_535).contains(number)
            else { return nil }
            port = number
            authority = authority[..<mark]
        }
        guard !authority.isEmpty else { return nil }
        self.init(scheme: scheme, host: String(authority), signingRegion: "")
        self.port = port
        var path = rest[slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        basePath = PercentEncoding.decode(path)
    }

    /// The value of `Host`.
    var authority: String { host + (port.map { ":\($0)" } ?? "") }

    /// The whole address.
    package var text: String {
        "\(scheme.rawValue)://\(authority)\(PercentEncoding.encode(basePath, slash: .kept))"
    }

    /// Whether the host is an address in digits, in front of which no bucket can be written.
    var isNumeric: Bool { Self.isNumeric(host) }

    /// Whether a host is an IPv4 or, in brackets, an IPv6 address.
    static func isNumeric(_ host: String) -> Bool {
        if host.hasPrefix("[") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether the host is this machine by name or number.
    var isLoopback: Bool {
        host.lowercased() == "localhost" || host == "[::1]"
            || (isNumeric && host.hasPrefix("127."))
    }
}
