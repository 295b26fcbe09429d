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
        let given = try sources.first { _, options in options.http.given.first }
        if let given {
            throw .invalid(
                "--\(given) says something of HTTP: give --http-port or --sse-port too")
        }
        self = .stdio
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
    func isSet(_ flag: KeyPath<ServerOptions, Bool>) -> Bool {
        (try? first { _, options in options[keyPath: flag] ? true : nil }) ?? false
    }
}
