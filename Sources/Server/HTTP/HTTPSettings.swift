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

    /// Checks what the options say of it together.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(_ options: Options) throws(SettingsError) {
        host = options[\.http.host]
        listeners = HTTPSettings.listeners(options)
        hostNames = options[\.http.allowedHosts] + [host.contains(":") ? "[\(host)]" : host]
        tls = try HTTPSettings.tls(options)
        tokenFile = options[\.http.authTokenFile]
        jwt = try HTTPSettings.jwt(options)
        limits = HTTPSettings.limits(options)
        if !isLoopback, !asksForTokens, !options[\.http.insecureNoAuth] {
            throw .invalid(
                "\(options.spelling(\.http.host)) \(host) is reached from other machines: give "
                    + "--auth-token-file, --jwks-file or --jwks-url, or --insecure-no-auth to let "
                    + "whoever reaches the port run code")
        }
    }

    /// Whether only programs on this machine reach the server, and they show no tokens.
    static func isOpenOnThisMachineOnly(_ options: Options) -> Bool {
        isLoopback(options[\.http.host]) && options[\.http.authTokenFile] == nil
            && options[\.http.jwksFile] == nil && options[\.http.jwksURL] == nil
    }

    private static func listeners(_ options: Options) -> [Listener] {
        let (http, sse) = (options[\.http.httpPort], options[\.http.ssePort])
        if let http, http == sse {
            return [Listener(port: http, endpoints: Set(Endpoint.allCases))]
        }
        return [
            http.map { Listener(port: $0, endpoints: [.streamableHTTP]) },
            sse.map { Listener(port: $0, endpoints: [.serverSentEvents]) },
        ].compactMap(\.self)
    }

    private static func tls(_ options: Options) throws(SettingsError) -> TLSFiles? {
        switch (options[\.http.tlsCertificate], options[\.http.tlsKey]) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
        case (_?, nil):
            throw .invalid("\(options.spelling(\.http.tlsCertificate)) needs --tls-key too")
        case (nil, _?):
            throw .invalid("\(options.spelling(\.http.tlsKey)) needs --tls-certificate too")
        }
    }

    private static func jwt(_ options: Options) throws(SettingsError) -> JWTSettings? {
        let keys: JWTSettings.Keys
        switch (options[\.http.jwksFile], options[\.http.jwksURL]) {
        case (nil, nil):
            let http = OptionTable.all.http
            let idle = [http.jwtIssuer.facts, http.jwtAudience.facts, http.jwtScopes.facts]
            if let option = idle.first(where: { options.isGiven($0) }) {
                throw .invalid("\(options.spelling(option)) needs --jwks-file or --jwks-url too")
            }
            return nil
        case (let path?, nil): keys = .file(path)
        case (nil, let url?):
            guard isSafe(url) else {
                throw .invalid(
                    "\(options.saying(\.http.jwksURL)); it must begin with https://, or with "
                        + "http:// and the name of this machine itself")
            }
            keys = .url(url)
        case (_?, _?):
            throw .invalid(
                "\(options.spelling(\.http.jwksFile)) and \(options.spelling(\.http.jwksURL)) "
                    + "contradict each other")
        }
        let (audiences, scopes) = (options[\.http.jwtAudience], options[\.http.jwtScopes])
        guard let issuer = options[\.http.jwtIssuer], !issuer.isEmpty, !audiences.isEmpty else {
            throw .invalid(
                "--jwks-file and --jwks-url need --jwt-issuer, the authorization server's URL, and "
                    + "--jwt-audience, whom its tokens must be made for: this server's own URL")
        }
        guard
            (scopes + [issuer] + audiences).allSatisfy({ !$0.contains { $0 == "\"" || $0 == "\\" } }
            )
        else { throw .invalid("--jwt-… have a quotation mark or a backslash") }
        return JWTSettings(
            keys: keys,
            requirements: TokenRequirements(issuer: issuer, audiences: audiences, scopes: scopes))
    }

    private static func limits(_ options: Options) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyByteCountMax = options[\.http.requestBytesMax]
        limits.requestsInFlightMax = options[\.http.requestsInFlightMax]
        let rate = options[\.http.requestsPerSecond]
        limits.requestRate = rate > 0 ? RequestRate(perSecond: rate, burst: rate * 2) : nil
        // Who names a number means it for programs of this machine too.
        if options.isGiven(\.http.connectionsPerAddress) {
            limits.connectionsPerAddress = AddressLimit(
                options[\.http.connectionsPerAddress], for: .everyone)
        }
        if options.isGiven(\.http.authFailuresPerMinute) {
            limits.failuresPerMinute = AddressLimit(
                options[\.http.authFailuresPerMinute], for: .everyone)
        }
        return limits
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
