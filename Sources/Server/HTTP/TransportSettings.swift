/// Over what the server was told to speak.
enum TransportSettings: Hashable, Sendable {
    case stdio
    case http(HTTPSettings)

    /// Checks what the options say of it together.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(_ options: Options) throws(SettingsError) {
        if options.servesHTTP {
            self = .http(try HTTPSettings(options))
            return
        }
        // What is said of HTTP where there is none was meant otherwise.
        let given = OptionTable.options(of: HTTPOptions.self).first { options.isGiven($0) }
        if let given {
            throw .invalid(
                "\(options.spelling(given)) says something of HTTP: give --http-port or --sse-port "
                    + "too")
        }
        self = .stdio
    }
}

extension Options {
    /// Whether it is not stdio that clients speak over.
    var servesHTTP: Bool { self[\.http.httpPort] != nil || self[\.http.ssePort] != nil }
}
