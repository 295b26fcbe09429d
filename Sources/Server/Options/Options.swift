/// What the options are: what was given, the command line laid over the environment over a file,
/// and the defaults of what was not.
struct Options: Sendable {
    /// Where nothing was given.
    static let none = Options()

    private let given: [String: GivenOption]

    /// Checks all that was given, also what something stronger replaces.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` for an unknown name, or a value that is of another
    ///   kind than its option, or out of its range.
    init(
        commandLine: [String: String], environment: [String: String], file: ConfigurationFile?
    ) throws(SettingsError) {
        var given: [String: GivenOption] = [:]
        for entry in file?.entries ?? [] {
            let source = OptionSource.file(path: file?.path ?? "", line: entry.line)
            try given.add(entry.name, entry.text, from: source) { $0.name == entry.name }
        }
        let prefix = OptionFacts.environmentPrefix
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix)
        {
            try given.add(name, text, from: .environment) { $0.variable == name }
        }
        for (name, text) in commandLine.sorted(by: { $0.key < $1.key }) {
            try given.add(name, text, from: .commandLine) { $0.name == name }
        }
        self.given = given
    }

    private init() { given = [:] }

    /// The value of an option.
    subscript<Value>(_ path: KeyPath<OptionTable, ServerOption<Value>>) -> Value {
        let option = OptionTable.all[keyPath: path]
        return value(option.facts.name, option.read) ?? option.fallback(self)
    }

    /// The value that was given to an option; nil if none was.
    func value<Value>(_ name: String, _ read: (String) -> Value?) -> Value? {
        guard let text = given[name]?.text else { return nil }
        guard let value = read(text) else { preconditionFailure("Checked when it was given.") }
        return value
    }

    /// Where its value comes from; nil for the default.
    func source(_ option: OptionFacts) -> OptionSource? { given[option.name]?.source }

    /// Whether it was given a value, or set if it is a flag.
    func isGiven(_ option: OptionFacts) -> Bool {
        guard let text = given[option.name]?.text else { return false }
        return option.shape != .flag || OptionKind.flag.read(text) == true
    }

    /// Whether it was given.
    func isGiven<Value>(_ path: KeyPath<OptionTable, ServerOption<Value>>) -> Bool {
        isGiven(OptionTable.all[keyPath: path].facts)
    }

    /// Those that are given in the strongest place in which any of them is.
    func strongest(of options: [OptionFacts]) -> [OptionFacts] {
        let all = options.filter { isGiven($0) }
        let strength = all.compactMap { source($0)?.strength }.max()
        return all.filter { source($0)?.strength == strength }
    }

    /// An option as whoever gave it wrote it; as on the command line if nobody did.
    func spelling(_ option: OptionFacts) -> String {
        (source(option) ?? .commandLine).spelling(option)
    }

    /// The same.
    func spelling<Value>(_ path: KeyPath<OptionTable, ServerOption<Value>>) -> String {
        spelling(OptionTable.all[keyPath: path].facts)
    }

    /// An option as it was written, and its value.
    func saying<Value>(_ path: KeyPath<OptionTable, ServerOption<Value>>) -> String {
        let option = OptionTable.all[keyPath: path].facts
        return "\(spelling(option)) is \"\(option.current(self) ?? "")\""
    }
}

private struct GivenOption: Sendable {
    var text: String
    var source: OptionSource
}

extension [String: GivenOption] {
    fileprivate mutating func add(
        _ name: String, _ text: String, from source: OptionSource,
        _ isIt: (OptionFacts) -> Bool
    ) throws(SettingsError) {
        guard let option = OptionTable.options.first(where: isIt),
            option.place == .anywhere || source == .commandLine
        else { throw .invalid(source.complaint(ofUnknown: name)) }
        guard option.accepts(text) else {
            throw .invalid(
                "\(source.spelling(option)) is \"\(option.shape.harmless(text))\"; it must be "
                    + option.shape.requirement)
        }
        self[option.name] = GivenOption(text: text, source: source)
    }
}

/// Who gave an option its value.
enum OptionSource: Hashable, Sendable {
    case file(path: String, line: Int?)
    case environment
    case commandLine

    /// The higher one counts.
    fileprivate var strength: Int {
        switch self {
        case .file: 0
        case .environment: 1
        case .commandLine: 2
        }
    }

    /// The option as it is written there.
    func spelling(_ option: OptionFacts) -> String {
        switch self {
        case .file: "\"\(option.name)\" \(place)"
        case .environment: option.variable
        case .commandLine: "--\(option.name)"
        }
    }

    /// For a person: "in /etc/mcp-v8.json (line 3)".
    var place: String {
        switch self {
        case .file(let path, let line?): "in \(path) (line \(line))"
        case .file(let path, nil): "in \(path)"
        case .environment: "in the environment"
        case .commandLine: "on the command line"
        }
    }

    fileprivate func complaint(ofUnknown name: String) -> String {
        switch self {
        case .environment:
            "the environment variable \(name) names no option; mcp-v8 --help-all shows all"
        case .file: "\"\(name)\" \(place) names no option; mcp-v8 --help-all shows all"
        case .commandLine: "--\(name) is no option"
        }
    }
}
