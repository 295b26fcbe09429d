internal import HTTPTransports

/// Where and for whom a server listens.
struct HTTPOptions: OptionSection {
    static let title = "HTTP"

    let httpPort = ServerOption(
        "http-port", .port, "Serve HTTP at /mcp on this port instead of stdio.",
        more: "[Streamable HTTP](http.md); 0 for any free port.", .most)

    let ssePort = ServerOption(
        "sse-port", .port, "Serve legacy HTTP+SSE at /sse on this port.",
        more: "May be given beside `--http-port`, with the same port or another.")

    let host = ServerOption(
        "host", .text("address", "an address or a name") { !$0.isEmpty }, default: .of("127.0.0.1"),
        "The address or name to listen on.",
        more: """
            One that other machines can reach needs `--auth-token-file`, `--jwks-file`, \
            `--jwks-url` or `--insecure-no-auth`.
            """, .most)

    let allowedHosts = ServerOption(
        "allowed-hosts", .list("names"), default: .found("none") { _ in [] },
        "More names under which HTTP clients know this server, with commas between them.",
        more: "A request's `Host` and `Origin` may have them; `[…]` around an IPv6 address.")

    let authTokenFile = ServerOption(
        "auth-token-file", .file, "Tokens, one on each line: clients must send one.", .most)

    let insecureNoAuth = ServerOption(
        flag: "insecure-no-auth",
        "Listen beyond this machine without tokens: whoever reaches the port runs code.")

    let tlsCertificate = ServerOption(
        "tls-certificate", .file, "Speak TLS, with the chain of certificates in this PEM file.",
        more: "It is read again when it changes.")

    let tlsKey = ServerOption(
        "tls-key", .file, "The private key to it, a PEM file.", more: "Without a password.")

    let jwksFile = ServerOption(
        "jwks-file", .file,
        "Accept tokens of an authorization server, whose keys (JWKS) are in this file.",
        more: "[More](http.md#who-is-let-in)")

    let jwksURL = ServerOption(
        "jwks-url", .url, "The same, with keys that are fetched from there.",
        more: "`https://…`, or `http://` on this machine")

    let jwtIssuer = ServerOption(
        "jwt-issuer", .url, "The authorization server's URL, as its tokens name it.",
        more: "In `iss`; needed with `--jwks-…`.")

    let jwtAudience = ServerOption(
        "jwt-audience", .list("urls"), default: .found("none") { _ in [] },
        "Whom tokens must be made for: this server's URL, with commas between several.",
        more: "In `aud`, such as `https://js.example.com/mcp`; needed with `--jwks-…`.")

    let jwtScopes = ServerOption(
        "jwt-scopes", .list("scopes"), default: .found("none") { _ in [] },
        "What tokens must allow, with commas between several.", more: "In `scope`.")

    let requestsPerSecond = ServerOption<Int>(
        "requests-per-second", .count(0...100_000),
        default: .found("100; 0 on a loopback address without tokens") {
            HTTPSettings.isOpenOnThisMachineOnly($0) ? 0 : 100
        }, "Requests of one token or address in a second, 0 for any number.",
        more: "Of an address where no token is asked for; twice as many at once.")

    let requestsInFlightMax = ServerOption(
        "requests-in-flight-max", .count(1...10_000),
        default: .of(HTTPLimits().requestsInFlightMax), "Requests that are served at a time.")

    let connectionsPerAddress = ServerOption(
        "connections-per-address", .count(1...10_000),
        default: .found("\(HTTPLimits().connectionsPerAddress.count), of other machines") { _ in
            HTTPLimits().connectionsPerAddress.count
        }, "Connections from one address at a time.",
        more: "Given, it holds for programs on this machine too.")

    let authFailuresPerMinute = ServerOption(
        "auth-failures-per-minute", .count(1...10_000),
        default: .found("\(HTTPLimits().failuresPerMinute.count), of other machines") { _ in
            HTTPLimits().failuresPerMinute.count
        }, "Tokens that are not accepted, from one address in a minute.",
        more: "Given, it holds for programs on this machine too.")

    let requestBytesMax = ServerOption(
        "request-bytes-max", .bytes(1024...(64 << 20)), default: .of(HTTPLimits().bodyByteCountMax),
        "The largest body of a request over HTTP.")
}
