/// One option of the server: all that is said of it anywhere is made from this.
struct ServerOption<Value: Sendable>: Sendable {
    let facts: OptionFacts
    let read: @Sendable (String) -> Value?
    let fallback: @Sendable (Options) -> Value

    /// An option that always has a value.
    ///
    /// - Parameters:
    ///   - help: One sentence, for `--help` and the reference.
    ///   - more: What else the reference says, in Markdown.
    ///   - range: What the reference says of its range, if its kind says it less well.
    init(
        _ name: String, _ kind: OptionKind<Value>, default fallback: OptionDefault<Value>,
        _ help: String, more: String = "", range: String? = nil, _ audience: OptionAudience = .few
    ) {
        read = kind.read
        self.fallback = fallback.value
        facts = OptionFacts(
            name: name, shape: kind.shape, help: help, more: more,
            range: range ?? kind.shape.range,
            defaultText: fallback.text ?? kind.write(fallback.value(.none)),
            audience: audience, place: .anywhere, accepts: { kind.read($0) != nil },
            current: { [value = fallback.value] options in
                kind.write(options.value(name, kind.read) ?? value(options))
            })
    }

    /// An option without a value unless it is given.
    init<Given>(
        _ name: String, _ kind: OptionKind<Given>, unset: String? = nil, _ help: String,
        more: String = "", range: String? = nil, _ audience: OptionAudience = .few,
        _ place: OptionPlace = .anywhere, otherwise: @escaping @Sendable () -> Given? = { nil }
    ) where Value == Given? {
        read = { kind.read($0).map(Optional.some) }
        fallback = { _ in otherwise() }
        facts = OptionFacts(
            name: name, shape: kind.shape, help: help, more: more,
            range: range ?? kind.shape.range, defaultText: unset, audience: audience, place: place,
            accepts: { kind.read($0) != nil },
            current: { options in (options.value(name, kind.read) ?? otherwise()).map(kind.write) })
    }
}

extension ServerOption where Value == Bool {
    /// A flag, which is off unless it is given.
    init(
        flag name: String, _ help: String, more: String = "", _ audience: OptionAudience = .few
    ) {
        self.init(name, .flag, default: .of(false), help, more: more, audience)
    }
}

/// What an option is where it is not given.
struct OptionDefault<Value: Sendable>: Sendable {
    let value: @Sendable (Options) -> Value
    /// In words; nil where the value is as clear.
    let text: String?

    static func of(_ value: Value) -> Self { Self(value: { _ in value }, text: nil) }

    /// One that depends on the machine or on other options.
    static func found(
        _ text: String, _ value: @escaping @Sendable (Options) -> Value
    ) -> Self { Self(value: value, text: text) }
}

/// Whether the short help shows an option.
enum OptionAudience: Sendable {
    case most
    case few
}

/// Where an option may be given.
enum OptionPlace: Sendable {
    case anywhere
    case commandLineOnly
}

/// What is known of an option without the type of its value.
struct OptionFacts: Sendable, Equatable {
    /// As on the command line, without the dashes: also the key in a configuration file.
    let name: String
    let shape: OptionShape
    let help: String
    let more: String
    let range: String
    /// Nil where there is no value unless one is given.
    let defaultText: String?
    let audience: OptionAudience
    let place: OptionPlace
    let accepts: @Sendable (String) -> Bool
    /// Its value, in the way that it is given.
    let current: @Sendable (Options) -> String?

    static func == (one: Self, other: Self) -> Bool { one.name == other.name }

    static let environmentPrefix = "MCP_V8_"

    /// The variable of the environment, such as `MCP_V8_TIMEOUT_MS`.
    var variable: String {
        OptionFacts.environmentPrefix
            + name.uppercased().split(separator: "-").joined(separator: "_")
    }
}
