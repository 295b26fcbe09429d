internal import ArgumentParser

/// Where and for whom a server listens.
struct HTTPOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve Streamable HTTP at /mcp on this port, 0 for a free one, instead of stdio.",
            valueName: "port"))
    var httpPort: Int?

    @Option(
        help: ArgumentHelp(
            "Serve legacy HTTP+SSE at /sse on this port, which may be that of --http-port.",
            valueName: "port"))
    var ssePort: Int?

    @Option(help: ArgumentHelp("The address to listen on (127.0.0.1).", valueName: "address"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "More names under which HTTP clients know this server, with commas between them.",
            valueName: "names"))
    var allowedHosts: String?

    @Option(
        help: ArgumentHelp(
            "A file with one bearer token on each line, one of which HTTP clients must send.",
            valueName: "file"), transform: expandingTilde)
    var authTokenFile: String?

    @Flag(help: "Listen beyond this machine without tokens: whoever reaches the port runs code.")
    var insecureNoAuth = false

    @Option(
        help: ArgumentHelp(
            "Speak TLS, with the chain of certificates in this PEM file.", valueName: "file"),
        transform: expandingTilde)
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp("The private key to it, a PEM file.", valueName: "file"),
        transform: expandingTilde)
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Accept tokens of an authorization server, whose keys (JWKS) are in this file.",
            valueName: "file"), transform: expandingTilde)
    var jwksFile: String?

    @Option(
        name: .customLong("jwks-url"),
        help: ArgumentHelp("The same, with keys that are fetched from there.", valueName: "url"))
    var jwksURL: String?

    @Option(
        help: ArgumentHelp(
            "The authorization server's URL, as its tokens name it.", valueName: "url"))
    var jwtIssuer: String?

    @Option(
        help: ArgumentHelp(
            "Whom tokens must be made for: this server's URL, with commas between several.",
            valueName: "urls"))
    var jwtAudience: String?

    @Option(
        help: ArgumentHelp(
            "What tokens must allow, with commas between several.", valueName: "scopes"))
    var jwtScopes: String?

    @Option(
        help: ArgumentHelp(
            "Requests of one token or address in a second (100), 0 for any number.",
            valueName: "n"))
    var requestsPerSecond: Int?

    @Option(help: ArgumentHelp("Requests that are served at a time (256).", valueName: "n"))
    var requestsInFlightMax: Int?

    @Option(help: ArgumentHelp("Connections from one address at a time (64).", valueName: "n"))
    var connectionsPerAddress: Int?

    @Option(
        help: ArgumentHelp(
            "Tokens that are not accepted, from one address in a minute (10).", valueName: "n"))
    var authFailuresPerMinute: Int?

    @Option(
        help: ArgumentHelp("The largest request over HTTP (4194304).", valueName: "bytes"))
    var requestBytesMax: Int?

    /// The names of those that are given.
    var given: [String] {
        let texts = [
            ("host", host), ("allowed-hosts", allowedHosts), ("auth-token-file", authTokenFile),
            ("tls-certificate", tlsCertificate), ("tls-key", tlsKey), ("jwks-file", jwksFile),
            ("jwks-url", jwksURL), ("jwt-issuer", jwtIssuer), ("jwt-audience", jwtAudience),
            ("jwt-scopes", jwtScopes),
        ].filter { $0.1 != nil }.map(\.0)
        let numbers = [
            ("http-port", httpPort), ("sse-port", ssePort),
            ("requests-per-second", requestsPerSecond),
            ("requests-in-flight-max", requestsInFlightMax),
            ("connections-per-address", connectionsPerAddress),
            ("auth-failures-per-minute", authFailuresPerMinute),
            ("request-bytes-max", requestBytesMax),
        ].filter { $0.1 != nil }.map(\.0)
        return texts + numbers + (insecureNoAuth ? ["insecure-no-auth"] : [])
    }

    static let keys = [
        OptionKey(name: "http-port", kind: .value),
        OptionKey(name: "sse-port", kind: .value),
        OptionKey(name: "host", kind: .value),
        OptionKey(name: "allowed-hosts", kind: .value),
        OptionKey(name: "auth-token-file", kind: .value),
        OptionKey(name: "insecure-no-auth", kind: .flag),
        OptionKey(name: "tls-certificate", kind: .value),
        OptionKey(name: "tls-key", kind: .value),
        OptionKey(name: "jwks-file", kind: .value),
        OptionKey(name: "jwks-url", kind: .value),
        OptionKey(name: "jwt-issuer", kind: .value),
        OptionKey(name: "jwt-audience", kind: .value),
        OptionKey(name: "jwt-scopes", kind: .value),
        OptionKey(name: "requests-per-second", kind: .value),
        OptionKey(name: "requests-in-flight-max", kind: .value),
        OptionKey(name: "connections-per-address", kind: .value),
        OptionKey(name: "auth-failures-per-minute", kind: .value),
        OptionKey(name: "request-bytes-max", kind: .value),
    ]
}
