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
            valueName: "file"))
    var authTokenFile: String?

    @Flag(help: "Listen beyond this machine without tokens: whoever reaches the port runs code.")
    var insecureNoAuth = false

    @Option(
        help: ArgumentHelp("The largest request over HTTP (4194304).", valueName: "bytes"))
    var requestBytesMax: Int?

    static let keys = [
        OptionKey(name: "http-port", kind: .value),
        OptionKey(name: "sse-port", kind: .value),
        OptionKey(name: "host", kind: .value),
        OptionKey(name: "allowed-hosts", kind: .value),
        OptionKey(name: "auth-token-file", kind: .value),
        OptionKey(name: "insecure-no-auth", kind: .flag),
        OptionKey(name: "request-bytes-max", kind: .value),
    ]
}
