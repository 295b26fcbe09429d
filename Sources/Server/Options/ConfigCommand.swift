internal import ArgumentParser
internal import MCP

/// `mcp-v8 config`: for people who want to know what the server was told.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the options and where their values come from.",
        subcommands: [ShowConfiguration.self, PrintReference.self])
}

private struct ShowConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show every option's value, and where it comes from.",
        discussion: """
            Takes the options of the server, and says what they are: on the command line, in the \
            environment, in the file of --config, or by default. What could be secret in a URL is \
            left out. Exit codes: 0 the server would take them, 64 it would not, and why.
            """)

    @OptionGroup var options: HeapsOptions

    func run() throws {
        do {
            let read = try options.server.readOptions()
            print(options.json ? read.json.text : read.table.text)
            _ = try Settings(read)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

private struct PrintReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print docs/reference/configuration.md.",
        shouldDisplay: false)

    func run() { print(referencePage, terminator: "") }
}

extension Options {
    fileprivate var table: TextTable {
        TextTable(["OPTION", "VALUE", "FROM"]) {
            OptionTable.options.map { option in
                [option.name, label(option), source(option)?.place ?? "default"]
            }
        }
    }

    fileprivate var json: JSON {
        .object(
            JSONObject(
                OptionTable.options.map { option in
                    var json: JSONObject = [
                        "value": value(option), "from": .string(origin(option)),
                    ]
                    if case .file(let path, let line) = source(option) {
                        json["file"] = .string(path)
                        json["line"] = line.map { .number(JSONNumber($0)) }
                    }
                    if option.place == .anywhere { json["variable"] = .string(option.variable) }
                    return (option.name, .object(json))
                }))
    }

    private func label(_ option: OptionFacts) -> String {
        guard let text = text(option), !text.isEmpty else { return "-" }
        return text
    }

    private func text(_ option: OptionFacts) -> String? {
        option.current(self).map(option.shape.harmless)
    }

    private func value(_ option: OptionFacts) -> JSON {
        guard let text = text(option) else { return .null }
        switch option.shape {
        case .flag: return .boolean(text == "true")
        case .number: return Int(text).map { .number(JSONNumber($0)) } ?? .string(text)
        case .list: return .array(text.split(separator: ",").map { .string(String($0)) })
        case .choice, .file, .directory, .url, .text: return .string(text)
        }
    }

    private func origin(_ option: OptionFacts) -> String {
        switch source(option) {
        case nil: "default"
        case .file: "file"
        case .environment: "environment"
        case .commandLine: "command_line"
        }
    }
}
