internal import ArgumentParser
internal import MCP

/// Where options come from, the strongest first. All of them pass through the command line's own
/// parser, so that a
/// number or a name is checked in one place and reported in one way.
struct OptionSources {
    private let layers: [(name: String, options: ServerOptions)]

    /// Lays the command line over the environment over a file.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` for an unknown key or a value that its option does
    /// not take.
    init(
        commandLine: ServerOptions, environment: [String: String], file: ConfigurationFile?
    ) throws(SettingsError) {
        var layers = [("the command line", commandLine)]
        if let options = try OptionSources.options(environment: environment) {
            layers.append(("the environment", options))
        }
        if let file { layers.append((file.path, try OptionSources.options(file: file))) }
        self.layers = layers
    }

    /// The value that the strongest source gives.
    func value<Value>(_ option: KeyPath<ServerOptions, Value?>) -> Value? {
        layers.lazy.compactMap { $0.options[keyPath: option] }.first
    }

    /// What the strongest source that says anything of it says.
    func first<Value>(
        _ read: (String, ServerOptions) throws(SettingsError) -> Value?
    ) throws(SettingsError) -> Value? {
        for layer in layers {
            if let value = try read(layer.name, layer.options) { return value }
        }
        return nil
    }

    /// What the environment says; nil where it says nothing, which need not be parsed.
    private static func options(
        environment: [String: String]
    ) throws(SettingsError) -> ServerOptions? {
        var arguments: [String] = []
        let ours = environment.filter { $0.key.hasPrefix(OptionKey.environmentPrefix) }
        for (variable, value) in ours.sorted(by: { $0.key < $1.key }) {
            guard let key = ServerOptions.keys.first(where: { $0.variable == variable }) else {
                throw .invalid(
                    "the environment variable \(variable) is unknown; known are "
                        + ServerOptions.keys.map(\.variable).joined(separator: ", "))
            }
            arguments += try key.arguments(value, from: variable)
        }
        guard !arguments.isEmpty else { return nil }
        return try parse(arguments, from: "the environment")
    }

    private static func options(file: ConfigurationFile) throws(SettingsError) -> ServerOptions {
        var arguments: [String] = []
        for (name, value) in file.entries {
            guard let key = ServerOptions.keys.first(where: { $0.name == name }) else {
                throw .invalid(
                    "\(file.path) has the unknown key \"\(name)\"; known are "
                        + ServerOptions.keys.map(\.name).joined(separator: ", "))
            }
            arguments += try key.arguments(value, from: "\"\(name)\" in \(file.path)")
        }
        return try parse(arguments, from: file.path)
    }

    private static func parse(
        _ arguments: [String], from source: String
    ) throws(SettingsError) -> ServerOptions {
        do {
            return try ServerOptions.parse(arguments)
        } catch {
            throw .invalid("\(source): \(ServerOptions.message(for: error))")
        }
    }
}

/// A configuration file: one JSON object whose keys are option names.
struct ConfigurationFile {
    let path: String
    /// Names and values as text, in the file's order.
    let entries: [(name: String, value: String)]

    /// Reads the bytes of a file.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` for what is not an object of texts, numbers and
    /// booleans.
    init(path: String, content: [UInt8]) throws(SettingsError) {
        self.path = path
        guard let members = (try? JSON(parsing: content))?.object?.members else {
            throw .invalid("\(path) is not a JSON object such as {\"timeout-ms\": 5000}")
        }
        var entries: [(name: String, value: String)] = []
        for member in members {
            switch member.value {
            case .string(let text): entries.append((member.key, text))
            case .number(let number): entries.append((member.key, number.text))
            case .boolean(let flag): entries.append((member.key, flag ? "true" : "false"))
            default:
                throw .invalid(
                    "\"\(member.key)\" in \(path) must be a text, a number, true or false")
            }
        }
        self.entries = entries
    }
}
