internal import ArgumentParser

/// The options on a command line. The parser is told of them by the table: it looks for what
/// properties hold by reflection, and so it can be shown others than a type declares.
struct CommandLineOptions: ParsableArguments {
    /// Of options that the short help leaves out. The shells' completions show what the help shows,
    /// but should know them all.
    static let visibilityOfFew: ArgumentVisibility =
        CommandLine.arguments.contains { $0.hasPrefix("--generate-completion-script") }
        ? .default : .hidden

    @OptionGroup(title: StorageOptions.title) var storage: SectionArguments<StorageOptions>
    @OptionGroup(title: S3Options.title) var s3: SectionArguments<S3Options>
    @OptionGroup(title: HTTPOptions.title) var http: SectionArguments<HTTPOptions>
    @OptionGroup(title: LimitOptions.title) var limits: SectionArguments<LimitOptions>
    @OptionGroup(title: SandboxOptions.title) var sandbox: SectionArguments<SandboxOptions>
    @OptionGroup(title: ScriptOptions.title) var script: SectionArguments<ScriptOptions>
    @OptionGroup(title: LogOptions.title) var log: SectionArguments<LogOptions>

    /// What was given, by name.
    var given: [String: String] {
        [
            storage.given, s3.given, http.given, limits.given, sandbox.given, script.given,
            log.given,
        ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    }
}

/// The options of one section on a command line.
struct SectionArguments<Section: OptionSection>: ParsableArguments, CustomReflectable {
    let given: [String: String]

    init() { given = [:] }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        var given: [String: String] = [:]
        for option in OptionTable.options(of: Section.self) {
            let key = NameKey(stringValue: option.name)
            if option.shape == .flag {
                if try container.decode(Bool.self, forKey: key) { given[option.name] = "true" }
            } else {
                given[option.name] = try container.decodeIfPresent(String.self, forKey: key)
            }
        }
        self.given = given
    }

    var customMirror: Mirror {
        Mirror(self, children: arguments[Section.title] ?? [])
    }

    private struct NameKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// What the parser knows of each section's options. It asks for it at every turn.
private let arguments: [String: [(label: String?, value: any Sendable)]] =
    OptionTable.sections.reduce(into: [:]) { arguments, section in
        arguments[section.title] = section.options.map { (label: $0.name, value: $0.argument) }
    }

extension OptionFacts {
    /// What the parser knows of it.
    fileprivate var argument: any Sendable {
        let help = ArgumentHelp(
            line, valueName: shape.valueName,
            visibility: audience == .most ? .default : CommandLineOptions.visibilityOfFew)
        let name = NameSpecification.customLong(name)
        return shape == .flag
            ? Flag(wrappedValue: false, name: name, help: help) as any Sendable
            : Option<String?>(name: name, help: help, completion: completion)
    }

    /// The sentence, what it may be and what it is otherwise.
    private var line: String {
        var choices: String?
        if audience == .few, case .choice = shape { choices = shape.requirement }
        var text = shape == .flag ? nil : defaultText?.replacing("`", with: "")
        if choices != nil { text = text.map { "default \($0)" } }
        let note = [choices, text].compactMap(\.self).joined(separator: "; ")
        return note.isEmpty ? help : "\(help.dropLast()) (\(note))."
    }

    private var completion: CompletionKind {
        switch shape {
        case .file: .file()
        case .directory: .directory
        case .choice(let words, _): .list(words)
        case .flag, .number, .url, .list, .text: .default
        }
    }
}
