import MCPClient

/// The names by which scripts reach the tools of one server.
///
/// The exact name always works. A name that is no identifier has one as an alias, unless two tools
/// would have the same: the last one never wins.
package struct ToolNames: Sendable {
    /// What a name that a script used stands for.
    package enum Meaning: Hashable, Sendable {
        /// The exact name of a tool.
        case tool(String)
        /// Several tools, by their exact names.
        case ambiguous([String])
        /// Nothing; the names most like it, at most five.
        case unknown(nearest: [String])
    }

    /// Names that mean something else on an object of JavaScript, or on ours.
    private static let reserved: Set<String> = [
        "then", "toJSON", "constructor", "inspect", "raw", "prototype", "__proto__", "valueOf",
        "toString", "hasOwnProperty", "$find", "$call", "$describe", "$read",
    ]
    private static let nearestCountMax = 5

    private let exact: Set<String>
    private let owners: [String: [String]]

    /// Names the tools of a server.
    package init(_ names: some Sequence<String>) {
        let exact = Set(names)
        self.exact = exact
        owners = Dictionary(grouping: exact.sorted(), by: Self.cleaned)
    }

    /// The name as an identifier.
    static func cleaned(_ name: String) -> String {
        let letters = name.map { letter -> Character in
            letter.isASCII && (letter.isLetter || letter.isNumber) || letter == "$" ? letter : "_"
        }
        let text = String(letters)
        return text.first?.isNumber == true ? "_" + text : text
    }

    /// What a name stands for.
    package func meaning(of name: String) -> Meaning {
        if exact.contains(name) { return .tool(name) }
        switch owners[name] ?? [] {
        case let names where names.count == 1: return .tool(names[0])
        case let names where names.count > 1: return .ambiguous(names)
        default: return .unknown(nearest: nearest(to: name))
        }
    }

    /// How code refers to a tool after its server; nil where it must be `$call`.
    func reference(to name: String) -> String? {
        guard !Self.reserved.contains(name) else { return nil }
        if CleanText.isIdentifier(name) { return "." + name }
        let alias = Self.cleaned(name)
        let isFree = owners[alias] == [name] && !exact.contains(alias)
        return isFree && !Self.reserved.contains(alias)
            ? "." + alias : "[\(CleanText.quoted(name))]"
    }

    private func nearest(to name: String) -> [String] {
        let wanted = Self.words(name)
        let scored = exact.map { candidate -> (String, Int) in
            let common = wanted.intersection(Self.words(candidate)).count
            return (candidate, ConfigurationReader.distance(name, candidate) - 4 * common)
        }
        return scored.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .prefix(Self.nearestCountMax).map(\.0)
    }

    private static func words(_ name: String) -> Set<String> { Set(SearchWords.split(name)) }
}
