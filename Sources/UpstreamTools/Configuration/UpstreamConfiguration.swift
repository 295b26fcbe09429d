package import MCPClient

/// The upstream servers that an operator grants.
package struct UpstreamConfiguration: Hashable, Sendable {
    /// One server, by the name that scripts use.
    package struct Entry: Hashable, Sendable {
        /// The key in the file, exactly.
        package var name: String
        /// How it is reached.
        package var transport: UpstreamTransport
        /// What is ours to say about it.
        package var settings: UpstreamSettings
    }

    /// Those that are not disabled, by name.
    package var entries: [Entry]
    /// Rules over all servers, whose patterns are `server.tool`.
    package var policy: UpstreamPolicy
    /// What was ignored, for the operator's log.
    package var warnings: [String]
}

/// What the operator says about one server in `"mcp-v8"`.
package struct UpstreamSettings: Hashable, Sendable {
    /// What text that is JSON becomes in a script.
    package enum TextReading: String, CaseIterable, Sendable {
        /// A value, if the whole of it is an object or an array.
        case automatic = "auto"
        /// A text.
        case never
        /// A value, and anything else is an error.
        case always
    }

    /// What it is good for, in the operator's words; at most 80 characters.
    package var hint: String?
    /// Which tools may be called.
    package var policy = UpstreamPolicy()
    /// How long a call may take.
    package var timeout: Duration?
    /// Calls at a time.
    package var callsAtATimeMax: Int?
    /// What texts become.
    package var textReading = TextReading.automatic
    /// Which clients may use it, by the names of their tokens; nil for all.
    package var clients: [String]?
    /// Whether its annotations may loosen rules.
    package var trustsAnnotations = false
    /// Whether a tool that changes asks anew.
    package var pinsTools = false
    /// Whether arguments are checked before they are sent.
    package var checksArguments = true
    /// In which era it is spoken to.
    package var era = UpstreamEra.automatic

    /// Takes the defaults.
    package init() {}
}

/// Which tools may be called: deny, then ask, then allow, then the default.
package struct UpstreamPolicy: Hashable, Sendable {
    /// What is done about a call.
    package enum Verdict: String, CaseIterable, Sendable {
        case allow
        case ask
        case deny
    }

    /// A pattern of names, and what the arguments must be for it to hold.
    package struct Pattern: Hashable, Sendable {
        /// A name in which `*` stands for any text.
        package var tool: String
        /// Patterns of top-level arguments that are strings; one of each list must match.
        package var arguments: [String: [String]]
    }

    /// Calls that are made without a question.
    package var allow: [Pattern] = []
    /// Calls that a person is asked about.
    package var ask: [Pattern] = []
    /// Calls that are refused.
    package var deny: [Pattern] = []
    /// What is done about the others; nil leaves it to what the tool says of itself.
    package var standard: Verdict?

    /// Makes no rule.
    package init() {}
}
