/// One JSON value, kept exactly: numbers keep their text, objects the order of their members.
///
/// Foundation's JSON turns numbers into doubles and forgets order, and both reach a client.
package enum JSON: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
    /// Text that was checked to be JSON and is written as it is.
    case raw(RawJSON)
}

extension JSON {
    /// The value of a member; nil where this is no object or has no such member.
    package subscript(key: String) -> JSON? {
        object?[key]
    }

    /// The text, where this is a string.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer, where this is a number without a fraction that fits; `2.0` and `1e3` count.
    package var integer: Int? {
        if case .number(let number) = self { number.integer } else { nil }
    }

    /// The truth value, where this is one.
    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The elements, where this is an array.
    package var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, where this is an object.
    package var object: JSONObject? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether it is an object, or an empty one in the spelling of languages that have arrays only.
    var isObject: Bool { object != nil || self == [] }

    /// What a person calls this kind of value, with its article.
    package var kindDescription: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        case .raw: "JSON text"
        }
    }
}

extension JSON: ExpressibleByBooleanLiteral {
    /// Makes a boolean.
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
    /// Makes a number.
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
}

extension JSON: ExpressibleByStringInterpolation {
    /// Makes a string.
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral {
    /// Makes an array.
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    /// Makes an object; of equal keys the last one wins.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }
}
