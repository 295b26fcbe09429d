internal import HTTPTransports

/// Over what the server was told to speak.
enum TransportSettings: Hashable, Sendable {
    case stdio
    case http(HTTPSettings)

    /// Checks what the sources say of it and fills in the defaults.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(_ sources: OptionSources) throws(SettingsError) {
        let http = try sources.port(\.http.httpPort, "--http-port")
        let sse = try sources.port(\.http.ssePort, "--sse-port")
        if http != nil || sse != nil {
            self = .http(try HTTPSettings(sources, httpPort: http, ssePort: sse))
            return
        }
        // What is said of HTTP where there is none was meant otherwise.
        let idle: [(name: String, isGiven: Bool)] = [
            ("--host", sources.value(\.http.host) != nil),
            ("--allowed-hosts", sources.value(\.http.allowedHosts) != nil),
            ("--auth-token-file", sources.value(\.http.authTokenFile) != nil),
            ("--insecure-no-auth", sources.isSet(\.http.insecureNoAuth)),
            ("--request-bytes-max", sources.value(\.http.requestBytesMax) != nil),
        ]
        if let option = idle.first(where: \.isGiven) {
            throw .invalid(
                "\(option.name) says something of HTTP: give --http-port or --sse-port too")
        }
        self = .stdio
    }
}

/// Where the server listens, and whose requests it serves.
struct HTTPSettings: Hashable, Sendable {
    /// A port and what is served on it.
    struct Listener: Hashable, Sendable {
        var port: Int
        var endpoints: Set<Endpoint>
    }

    var host: String
    var listeners: [Listener]
    /// Beside those of the machine itself.
    var hostNames: [String]
    var tokenFile: String?
    var requestByteCountMax: Int

    /// Whether only programs on this machine can reach it.
    var isLoopback: Bool {
        ["localhost", "::1"].contains(host.lowercased())
            || host.hasPrefix("127.") && host.split(separator: ".").count == 4
    }

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
        tokenFile = sources.value(\.http.authTokenFile)
        requestByteCountMax = try sources.number(
            \.http.requestBytesMax, "--request-bytes-max", 1024...(64 << 20), default: 4 << 20)
        if !isLoopback, tokenFile == nil, !sources.isSet(\.http.insecureNoAuth) {
            throw .invalid(
                "--host \(host) is reached from other machines: give --auth-token-file, or "
                    + "--insecure-no-auth to let whoever reaches the port run code")
        }
    }
}

extension OptionSources {
    fileprivate func port(
        _ option: KeyPath<ServerOptions, Int?>, _ name: String
    ) throws(SettingsError) -> Int? {
        guard value(option) != nil else { return nil }
        return try number(option, name, 0...65_535, default: 0)
    }

    /// Whether any source sets a flag.
    fileprivate func isSet(_ flag: KeyPath<ServerOptions, Bool>) -> Bool {
        (try? first { _, options in options[keyPath: flag] ? true : nil }) ?? false
    }
}
