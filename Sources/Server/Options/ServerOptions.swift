internal import ArgumentParser

/// The options of `mcp-v8` as one source gives them: the command line, the environment or a file.
///
/// Every option is absent by default, so that sources can be laid over each other; `Settings` has
/// the defaults.
struct ServerOptions: ParsableArguments {
    @OptionGroup(title: "Storage") var storage: StorageOptions
    @OptionGroup(title: "S3") var s3: S3Options
    @OptionGroup(title: "HTTP") var http: HTTPOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Sandbox") var sandbox: SandboxOptions
    @OptionGroup(title: "Scripts") var script: ScriptOptions

    @Option(
        help: ArgumentHelp(
            "What goes to standard error: trace, debug, info, notice, warning, error, critical.",
            valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("How a line of it looks: text or json (text).", valueName: "format"))
    var logFormat: String?

    /// What may be given in the environment and in a file.
    static let keys: [OptionKey] =
        StorageOptions.keys + S3Options.keys + HTTPOptions.keys + LimitOptions.keys
        + SandboxOptions.keys + ScriptOptions.keys
        + [
            OptionKey(name: "log-level", kind: .value), OptionKey(name: "log-format", kind: .value),
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
