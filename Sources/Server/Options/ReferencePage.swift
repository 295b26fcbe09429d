/// The text of `docs/reference/configuration.md`.
let referencePage = """
    # Configuration

    <!-- Written by `mcp-v8 config reference`, from Sources/Server/Options. -->

    Every option can be given on the command line, in the environment and in a JSON file. The
    command line is stronger than the environment, the environment than the file, the file than the
    default. An unknown option, variable (of those that begin with `MCP_V8_`) or key stops the
    server with an error that names it, before it reads anything from stdin. So does a value of the
    wrong kind or out of its range, even if a stronger place gives another.

    `mcp-v8 config show` says what each option is and where that comes from, as a table or with
    `--json`. It leaves out what could be secret in a URL. `mcp-v8 --generate-completion-script
    bash` (or `zsh`, `fish`) prints what has a shell complete options.

    \(tables)

    ## On the command line only

    `--config` names the file. `--help` shows the options that most need, `--help-all` all,
    `--version` the version.

    ## Together

    All options under HTTP are errors without `--http-port` or `--sse-port`.

    The options under S3 are errors without `--s3-bucket`. Of the AWS tools' own variables and
    files the server reads what [the guide](../guides/s3.md) lists.

    At most one of `--in-memory`, `--directory-path`, `--s3-bucket` and `--stateless` may be given
    in one place; two are an error that names both. One in a stronger place replaces one in a
    weaker place. The same holds for `--sandbox`, `--require-sandbox` and `--hardened`.

    ## Environment

    `MCP_V8_` and the option's name in capitals with underscores: `MCP_V8_TIMEOUT_MS=5000`,
    `MCP_V8_DIRECTORY_PATH=/srv/heaps`. A flag is `true` or `false`: `MCP_V8_IN_MEMORY=true`. MCP
    clients pass on few variables by themselves; set them in the client's configuration of the
    server.

    ## File

    One JSON object. Keys are the options' names without the dashes; values are texts, numbers,
    `true` and `false`.

    ```json
    { "directory-path": "/srv/heaps", "timeout-ms": 5000, "log-level": "info" }
    ```

    """

private var tables: String {
    OptionTable.sections.map { section in
        """
        ## \(section.title)

        | option | meaning | range | default |
        |---|---|---|---|
        \(section.options.map(\.row).joined(separator: "\n"))
        """
    }.joined(separator: "\n\n")
}

extension OptionFacts {
    fileprivate var row: String {
        let value = shape.valueName.map { " \($0.uppercased())" } ?? ""
        let meaning = more.isEmpty ? help : "\(help) \(more)"
        return "| `--\(name)\(value)` | \(meaning) | \(range) | \(defaultInReference) |"
    }

    private var defaultInReference: String {
        switch shape {
        case .flag: "off"
        case .file, .directory, .text, .choice:
            isWord ? "`\(defaultText ?? "")`" : defaultText ?? "none"
        case .number, .url, .list: defaultText ?? "none"
        }
    }

    /// Whether the default is one that could be given, and not a description.
    private var isWord: Bool {
        guard let defaultText else { return false }
        return !defaultText.contains { " `;".contains($0) } && accepts(defaultText)
            && defaultText != "any"
    }
}
