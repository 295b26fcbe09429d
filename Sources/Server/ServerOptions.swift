internal import ArgumentParser

/// The options of `mcp-v8` as one source gives them: the command line, the environment or a file.
///
/// Every option is absent by default, so that sources can be laid over each other; `Settings` has
/// the defaults.
struct ServerOptions: ParsableArguments {
    @Flag(help: ArgumentHelp("Keep heaps in memory; they are lost when the server ends."))
    var inMemory = false

    @Option(
        help: ArgumentHelp(
            "Keep heaps in files under this directory. This is the default storage.",
            discussion: "Default: \(Settings.directoryPathDefault)", valueName: "dir"))
    var directoryPath: String?

    @Flag(help: "Keep no heaps: every run starts clean.")
    var stateless = false

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

    @Option(help: ArgumentHelp("The deadline of a run that names none (30000).", valueName: "ms"))
    var timeoutMs: Int?

    @Option(help: ArgumentHelp("The longest deadline a run may ask for (300000).", valueName: "ms"))
    var timeoutMsMax: Int?

    @Option(help: ArgumentHelp("V8's heap of one run (256).", valueName: "MiB"))
    var heapMbMax: Int?

    @Option(
        help: ArgumentHelp("Console output, and result, of one run (65536).", valueName: "bytes"))
    var outputBytesMax: Int?

    @Option(help: ArgumentHelp("The largest snapshot of a heap (512).", valueName: "MiB"))
    var snapshotMbMax: Int?

    @Option(help: ArgumentHelp("Worker processes at a time (8 for each core).", valueName: "n"))
    var workersMax: Int?

    @Option(help: ArgumentHelp("Runs that may wait for one heap (32).", valueName: "n"))
    var queueMax: Int?

    @Option(
        help: ArgumentHelp(
            "How long a worker stays with a heap that is not used (300).", valueName: "seconds"))
    var warmIdleSeconds: Int?

    @Option(
        help: ArgumentHelp(
            "The time zone of Date and Intl in scripts, such as Europe/Berlin (UTC).",
            valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "The esbuild that strips types off TypeScript, or none (the first on the PATH).",
            valueName: "file"))
    var esbuild: String?

    @Option(help: ArgumentHelp("Versions kept of each heap (50).", valueName: "n"))
    var keepVersions: Int?

    @Option(
        help: ArgumentHelp(
            "Confinement of scripts by the kernel: on, off, or required (on).", valueName: "level"))
    var sandbox: String?

    @Flag(help: "Do not start where a layer of the sandbox cannot be had: --sandbox required.")
    var requireSandbox = false

    @Flag(help: "Every layer of the sandbox is required, and V8 makes no machine code.")
    var hardened = false

    @Option(
        help: ArgumentHelp(
            "What goes to standard error: trace, debug, info, notice, warning, error, critical.",
            valueName: "level"))
    var logLevel: String?

    /// What may be given in the environment and in a file.
    static let keys: [OptionKey] = [
        OptionKey(name: "in-memory", kind: .flag),
        OptionKey(name: "directory-path", kind: .value),
        OptionKey(name: "stateless", kind: .flag),
        OptionKey(name: "http-port", kind: .value),
        OptionKey(name: "sse-port", kind: .value),
        OptionKey(name: "host", kind: .value),
        OptionKey(name: "allowed-hosts", kind: .value),
        OptionKey(name: "auth-token-file", kind: .value),
        OptionKey(name: "insecure-no-auth", kind: .flag),
        OptionKey(name: "request-bytes-max", kind: .value),
        OptionKey(name: "timeout-ms", kind: .value),
        OptionKey(name: "timeout-ms-max", kind: .value),
        OptionKey(name: "heap-mb-max", kind: .value),
        OptionKey(name: "output-bytes-max", kind: .value),
        OptionKey(name: "snapshot-mb-max", kind: .value),
        OptionKey(name: "workers-max", kind: .value),
        OptionKey(name: "queue-max", kind: .value),
        OptionKey(name: "warm-idle-seconds", kind: .value),
        OptionKey(name: "sandbox", kind: .value),
        OptionKey(name: "require-sandbox", kind: .flag),
        OptionKey(name: "hardened", kind: .flag),
        OptionKey(name: "time-zone", kind: .value),
        OptionKey(name: "esbuild", kind: .value),
        OptionKey(name: "keep-versions", kind: .value),
        OptionKey(name: "log-level", kind: .value),
    ]
}

/// The name of an option outside the command line.
struct OptionKey: Hashable, Sendable {
    /// What is written behind the name.
    enum Kind: Hashable, Sendable {
        /// `true` or `false`.
        case flag
        /// Text or a number.
        case value
    }

    /// As on the command line, without the dashes: also the key in a configuration file.
    let name: String
    let kind: Kind

    static let environmentPrefix = "MCP_V8_"

    /// The variable of the environment, such as `MCP_V8_TIMEOUT_MS`.
    var variable: String {
        OptionKey.environmentPrefix
            + name.uppercased().split(separator: "-").joined(separator: "_")
    }

    /// The words on a command line that say the same.
    func arguments(_ value: String, from source: String) throws(SettingsError) -> [String] {
        switch (kind, value.lowercased()) {
        case (.value, _): return ["--\(name)=\(value)"]
        case (.flag, "true"), (.flag, "1"): return ["--\(name)"]
        case (.flag, "false"), (.flag, "0"): return []
        case (.flag, _):
            throw .invalid("\(source) is \"\(value)\": it must be true or false")
        }
    }
}
