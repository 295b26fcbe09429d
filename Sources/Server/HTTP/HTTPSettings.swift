internal import HTTPTransports

/// Where the server listens, and whose requests it serves.
struct HTTPSettings: Hashable, Sendable {
    /// A port and what is served on it.
    struct Listener: Hashable, Sendable {
        var port: Int
        var endpoints: Set<Endpoint>
    }

    /// Two files in PEM.
    struct TLSFiles: Hashable, Sendable {
        var certificate: String
        var key: String
    }

    /// Whose tokens are accepted beside the server's own.
    struct JWTSettings: Hashable, Sendable {
        /// Where the keys of the authorization server are.
        enum Keys: Hashable, Sendable {
            case file(String)
            case url(String)
        }

        var keys: Keys
        var requirements: TokenRequirements
    }

    var host: String
    var listeners: [Listener]
    /// Beside those of the machine itself.
    var hostNames: [String]
    var tls: TLSFiles?
    var tokenFile: String?
    var jwt: JWTSettings?
    var limits = HTTPLimits()

    /// Whether only programs on this machine can reach it.
    var isLoopback: Bool { HTTPSettings.isLoopback(host) }

    /// Whether clients must show who they are.
    var asksForTokens: Bool { tokenFile != nil || jwt != nil }

    init(
        _ sources: OptionSources, httpPort: Int?, ssePort: Int?
    ) throws(SettingsError) {
        host = sources.value(\.http.host) ?? "127.0.0.1"
        guard !host.isEmpty else { throw .invalid("--host is empty") }
        if let httpPort, httpPort == ssePort {
            listeners = [Listener(port: httpPort, endpoints: Set(Endpoint.allCases))]
        } else {
            let http = httpPort.map { Listener(port: $0, endpoints: [.streamableHTTP]) }
            let sse = ssePort.map { Listener(port: $0, endpoints: [.serverSentEvents]) }
            listeners = [http, sse].compactMap(\.self)
        }
        let names = sources.value(\.http.allowedHosts)?.split(separator: ",").map(String.init) ?? []
        hostNames = names + [host.contains(":") ? "[\(host)]" : host]
        tls = try HTTPSettings.tls(sources)
        tokenFile = sources.value(\.http.authTokenFile)
        jwt = try HTTPSettings.jwt(sources)
        if !isLoopback, !asksForTokens, !sources.isSet(\.http.insecureNoAuth) {
            throw .invalid(
                "--host \(host) is reached from other machines: give --auth-token-file, "
                    + "--jwks-file or --jwks-url, or --insecure-no-auth to let whoever reaches the "
                    + "port run code"
            )
        }
        limits = try HTTPSettings.limits(
            sources, rateDefault: isLoopback && !asksForTokens ? 0 : 100)
    }

    private static func tls(_ sources: OptionSources) throws(SettingsError) -> TLSFiles? {
        switch (sources.value(\.http.tlsCertificate), sources.value(\.http.tlsKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
        case (_?, nil): throw .invalid("--tls-certificate needs --tls-key too")
        case (nil, _?): throw .invalid("--tls-key needs --tls-certificate too")
        }
    }

    private static func jwt(_ sources: OptionSources) throws(SettingsError) -> JWTSettings? {
        let keys: JWTSettings.Keys
        switch (sources.value(\.http.jwksFile), sources.value(\.http.jwksURL)) {
        case (nil, nil):
            let idle: [(String, String?)] = [
                ("--jwt-issuer", sources.value(\.http.jwtIssuer)),
                ("--jwt-audience", sources.value(\.http.jwtAudience)),
                ("--jwt-scopes", sources.value(\.http.jwtScopes)),
            ]
            if let option = idle.first(where: { $0.1 != nil }) {
                throw .invalid("\(option.0) needs --jwks-file or --jwks-url too")
            }
            return nil
        case (let path?, nil): keys = .file(path)
        case (nil, let url?):
            guard isSafe(url) else {
                throw .invalid(
                    "--jwks-url is \"\(url)\"; it must begin with https://, or with http:// and "
                        + "the name of this machine itself")
            }
            keys = .url(url)
        case (_?, _?): throw .invalid("--jwks-file and --jwks-url contradict each other")
        }
        let audiences = HTTPSettings.words(sources.value(\.http.jwtAudience))
        guard let issuer = sources.value(\.http.jwtIssuer), !issuer.isEmpty, !audiences.isEmpty
        else {
            throw .invalid(
                "--jwks-file and --jwks-url need --jwt-issuer, the authorization server's URL, and "
                    + "--jwt-audience, whom its tokens must be made for: this server's own URL")
        }
        let scopes = HTTPSettings.words(sources.value(\.http.jwtScopes))
        guard
            (scopes + [issuer] + audiences).allSatisfy({ !$0.contains { $0 == "\"" || $0 == "\\" } }
            )
        else { throw .invalid("--jwt-… have a quotation mark or a backslash") }
        return JWTSettings(
            keys: keys,
            requirements: TokenRequirements(issuer: issuer, audiences: audiences, scopes: scopes))
    }

    private static func limits(
        _ sources: OptionSources, rateDefault: Int
    ) throws(SettingsError) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyByteCountMax = try sources.number(
            \.http.requestBytesMax, "--request-bytes-max", 1024...(64 << 20), default: 4 << 20)
        limits.requestsInFlightMax = try sources.number(
            \.http.requestsInFlightMax, "--requests-in-flight-max", 1...10_000, default: 256)
        let rate = try sources.number(
            \.http.requestsPerSecond, "--requests-per-second", 0...100_000, default: rateDefault)
        limits.requestRate = rate > 0 ? RequestRate(perSecond: rate, burst: rate * 2) : nil
        // Who names a number means it for programs of this machine too.
        if let count = sources.value(\.http.connectionsPerAddress) {
            limits.connectionsPerAddress = AddressLimit(count, for: .everyone)
        }
        if let count = sources.value(\.http.authFailuresPerMinute) {
            limits.failuresPerMinute = AddressLimit(count, for: .everyone)
        }
        for (name, limit) in [
            ("--connections-per-address", limits.connectionsPerAddress),
            ("--auth-failures-per-minute", limits.failuresPerMinute),
        ] where !(1...10_000).contains(limit.count) {
            throw .invalid("\(name) is \(limit.count); it must be from 1 to 10000")
        }
        return limits
    }

    private static func words(_ text: String?) -> [String] {
        text?.split { $0 == "," || $0 == " " }.map(String.init) ?? []
    }

    /// Whether keys that come from there were not changed on the way.
    private static func isSafe(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" }
        guard !authority.contains("@") else { return false }
        if authority.hasPrefix("[::1]") { return true }
        return isLoopback(String(authority.prefix { $0 != ":" }))
    }

    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".")
        return ["localhost", "::1"].contains(host.lowercased())
            || parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
