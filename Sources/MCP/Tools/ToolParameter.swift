/// One argument that a tool accepts.
package struct ToolParameter: Hashable, Sendable {
    /// What values it may have.
    package enum Kind: Hashable, Sendable {
        /// Text of at most so many bytes of UTF-8.
        case string(byteCountMax: Int)
        /// An integer in a range.
        case integer(ClosedRange<Int>)
        /// True or false.
        case boolean
        /// One of these words.
        case choice([String])
    }

    /// Whether a call must give it.
    package enum Presence: Hashable, Sendable {
        case required
        /// It may be left out, or null.
        case optional
    }

    /// The name in a call's arguments.
    package let name: String
    /// Names that calls may give it too, and that no client is told.
    package let otherNames: [String]
    /// What values it may have.
    package let kind: Kind
    /// Whether a call must give it.
    package let presence: Presence
    /// What a model reads about it.
    package let description: String
    /// Other words for those of a choice, in small letters, with what they stand for.
    package let synonyms: [String: String]

    /// Declares an argument.
    package init(
        _ name: String, otherNames: [String] = [], _ kind: Kind, _ presence: Presence,
        description: String, synonyms: [String: String] = [:]
    ) {
        self.name = name
        self.otherNames = otherNames
        self.kind = kind
        self.presence = presence
        self.description = description
        self.synonyms = synonyms
    }

    var schema: JSON {
        var schema: JSONObject =
            switch kind {
            case .string: ["type": "string"]
            case .integer(let range):
                [
                    "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
                    "maximum": .number(JSONNumber(range.upperBound)),
                ]
            case .boolean: ["type": "boolean"]
            case .choice(let words): ["type": "string", "enum": .array(words.map(JSON.string))]
            }
        schema["description"] = .string(descriptionWithRange)
        return .object(schema)
    }

    /// Some clients take `minimum` and `maximum` out of schemas: their models refuse them.
    private var descriptionWithRange: String {
        guard case .integer(let range) = kind else { return description }
        return "\(range.lowerBound) to \(range.upperBound). \(description)"
    }

    /// What a value must be, in words that complete "must be".
    private var expectation: String {
        switch kind {
        case .string(let limit): "a string of at most \(limit) bytes"
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .choice(let words): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }

    /// What a call gives for it.
    fileprivate enum Reading {
        case absent
        case value(JSON)
        /// What is wrong, in words that help a model to fix it.
        case complaint(String)
    }

    fileprivate func read(from arguments: JSONObject) -> Reading {
        let given = ([name] + otherNames).compactMap { name in
            arguments[name].flatMap { isAbsence($0) ? nil : (name: name, value: $0) }
        }
        guard let (name, value) = given.first else {
            guard presence == .required else { return .absent }
            return .complaint("Argument \"\(name)\" is required: \(expectation).")
        }
        if let other = given.dropFirst().first(where: { $0.value != value }) {
            return .complaint(
                "Arguments \"\(name)\" and \"\(other.name)\" mean the same: give \"\(name)\" only.")
        }
        guard let accepted = accept(value) else {
            return .complaint("Argument \"\(name)\" must be \(expectation), not \(value.summary).")
        }
        return .value(accepted)
    }

    /// Clients that fill in every argument send null, or an empty text.
    private func isAbsence(_ value: JSON) -> Bool {
        value == .null || presence == .optional && value == ""
    }

    /// The value as it is declared, of whatever has that one meaning: many clients send numbers
    /// and truth values as text. Nil where it has none.
    private func accept(_ value: JSON) -> JSON? {
        switch kind {
        case .string(let limit):
            return value.string.flatMap { $0.utf8.count <= limit ? value : nil }
        case .integer(let range):
            let number = value.string.flatMap { try? JSON(parsing: Array($0.utf8)) } ?? value
            return number.integer.map(range.contains) == true ? number : nil
        case .boolean:
            switch value.string?.lowercased() {
            case "true": return true
            case "false": return false
            default: return value.boolean.map(JSON.boolean)
            }
        case .choice(let words):
            guard let word = value.string else { return nil }
            let small = word.lowercased()
            let meant = words.contains(word) ? word : synonyms[small] ?? small
            return words.contains(meant) ? .string(meant) : nil
        }
    }
}

extension [ToolParameter] {
    /// Checks a call's arguments.
    ///
    /// - Returns: the arguments under their declared names, without those that are absent, or all
    ///   that is wrong with them.
    func check(_ arguments: JSONObject) -> Result<JSONObject, ArgumentComplaints> {
        var present: [JSONObject.Member] = []
        var complaints: [String] = []
        for parameter in self {
            switch parameter.read(from: arguments) {
            case .absent: break
            case .value(let value):
                present.append(JSONObject.Member(key: parameter.name, value: value))
            case .complaint(let text): complaints.append(text)
            }
        }
        let names = Set(flatMap { [$0.name] + $0.otherNames })
        let unknown = arguments.members.map(\.key).filter { !names.contains($0) }
        if !unknown.isEmpty {
            let quoted = unknown.prefix(8).map { "\"\($0.prefix(64))\"" }.joined(separator: ", ")
            let allowed = isEmpty ? "none" : map(\.name).joined(separator: ", ")
            complaints.append("Unknown argument \(quoted). Allowed: \(allowed).")
        }
        guard complaints.isEmpty else {
            return .failure(ArgumentComplaints(text: complaints.joined(separator: "\n")))
        }
        return .success(JSONObject(distinct: present))
    }
}

/// What is wrong with a call's arguments; a result for the model, not an error of the protocol.
struct ArgumentComplaints: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}

extension JSON {
    /// The value, or its kind where it is long, for a sentence about it.
    fileprivate var summary: String {
        switch self {
        case .boolean, .number: text.utf8.count <= 40 ? text : kindDescription
        case .string(let string) where string.utf8.count <= 40: "the string \(text)"
        case .string(let string): "a string of \(string.utf8.count) bytes"
        default: kindDescription
        }
    }
}
