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
    /// What values it may have.
    package let kind: Kind
    /// Whether a call must give it.
    package let presence: Presence
    /// What a model reads about it.
    package let description: String

    /// Declares an argument.
    package init(_ name: String, _ kind: Kind, _ presence: Presence, description: String) {
        self.name = name
        self.kind = kind
        self.presence = presence
        self.description = description
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
        schema["description"] = .string(description)
        return .object(schema)
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

    /// What is wrong with a value, in words that help a model to fix it; nil if nothing is.
    fileprivate func complaint(about value: JSON?) -> String? {
        guard let value, value != .null else {
            guard presence == .required else { return nil }
            return "Argument \"\(name)\" is required: \(expectation)."
        }
        let isAccepted =
            switch kind {
            case .string(let limit): value.string.map { $0.utf8.count <= limit }
            case .integer(let range): value.integer.map(range.contains)
            case .boolean: value.boolean.map { _ in true }
            case .choice(let words): value.string.map(words.contains)
            }
        if isAccepted == true { return nil }
        return "Argument \"\(name)\" must be \(expectation), not \(value.summary)."
    }
}

extension [ToolParameter] {
    /// Checks a call's arguments.
    ///
    /// - Returns: the arguments without those that are null, or all that is wrong with them.
    func check(_ arguments: JSONObject) -> Result<JSONObject, ArgumentComplaints> {
        var complaints = compactMap { $0.complaint(about: arguments[$0.name]) }
        let names = Set(map(\.name))
        let unknown = arguments.members.map(\.key).filter { !names.contains($0) }
        if !unknown.isEmpty {
            let quoted = unknown.prefix(8).map { "\"\($0.prefix(64))\"" }.joined(separator: ", ")
            let allowed = isEmpty ? "none" : map(\.name).joined(separator: ", ")
            complaints.append("Unknown argument \(quoted). Allowed: \(allowed).")
        }
        guard complaints.isEmpty else {
            return .failure(ArgumentComplaints(text: complaints.joined(separator: "\n")))
        }
        let present = arguments.members.filter { $0.value != .null }
        return .success(JSONObject(distinct: present))
    }
}

/// What is wrong with a call's arguments; a result for the model, not an error of the protocol.
struct ArgumentComplaints: Error {
    let text: String
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
