package import MCP
package import MCPClient

/// Whether arguments fit a tool's schema, as far as that can be said for sure.
///
/// It knows types, `required`, `properties`, `additionalProperties`, `items`, `prefixItems`,
/// `enum`, `const`, `anyOf`, `oneOf`, `allOf`, local `$ref` and the bounds of numbers, strings and
/// arrays. What it does not know it lets through: the server has the last word.
package struct ArgumentCheck {
    private static let depthMax = 64
    private static let stepCountMax = 100_000
    private static let pathLengthMax = 200

    private let root: JSON
    private var stepCount = 0

    /// What is wrong with the arguments of a tool, with its place, such as `labels[2] must be a
    /// string, not a number`; nil where nothing is.
    package static func fault(in arguments: JSONObject, of tool: UpstreamTool) -> String? {
        var check = ArgumentCheck(root: .object(tool.inputSchema))
        return check.fault(.object(arguments), check.root, "", depth: 0)
    }

    private init(root: JSON) { self.root = root }

    private mutating func fault(
        _ value: JSON, _ schema: JSON, _ path: String, depth: Int
    ) -> String? {
        stepCount += 1
        // A schema that is made to be slow is not worth more time; what is left unsaid passes.
        guard depth <= Self.depthMax, stepCount <= Self.stepCountMax else { return nil }
        if schema == false { return "\(shown(path)) must not be given" }
        guard let schema = schema.object else { return nil }
        if let reference = schema["$ref"]?.string, let target = resolve(reference),
            let fault = fault(value, target, path, depth: depth + 1)
        {
            return fault
        }
        return typeFault(value, schema, path) ?? choiceFault(value, schema, path)
            ?? combinationFault(value, schema, path, depth: depth)
            ?? contentFault(value, schema, path, depth: depth)
    }

    private func typeFault(_ value: JSON, _ schema: JSONObject, _ path: String) -> String? {
        let names =
            schema["type"]?.array?.compactMap(\.string)
            ?? [schema["type"]?.string].compactMap(\.self)
        guard !names.isEmpty else { return nil }
        if value == .null, schema["nullable"] == true { return nil }
        guard !names.contains(where: { Self.is(value, $0) }) else { return nil }
        let kinds = names.map { Self.article($0) }.joined(separator: " or ")
        return "\(shown(path)) must be \(kinds), not \(value.kindDescription)"
    }

    private func choiceFault(_ value: JSON, _ schema: JSONObject, _ path: String) -> String? {
        if let wanted = schema["const"], !Self.same(wanted, value) {
            return "\(shown(path)) must be \(wanted.text.prefix(100))"
        }
        guard let choices = schema["enum"]?.array,
            !choices.contains(where: { Self.same($0, value) })
        else { return nil }
        let list = choices.prefix(20).map { String($0.text.prefix(40)) }.joined(separator: ", ")
        return "\(shown(path)) must be one of \(list)\(choices.count > 20 ? ", …" : "")"
    }

    private mutating func combinationFault(
        _ value: JSON, _ schema: JSONObject, _ path: String, depth: Int
    ) -> String? {
        for part in schema["allOf"]?.array ?? [] {
            if let fault = fault(value, part, path, depth: depth + 1) { return fault }
        }
        // That exactly one of `oneOf` holds is for the server to insist on.
        for key in ["anyOf", "oneOf"] {
            guard let choices = schema[key]?.array, !choices.isEmpty else { continue }
            var faults: [String] = []
            var fits = false
            for choice in choices where !fits {
                if let fault = fault(value, choice, path, depth: depth + 1) {
                    faults.append(fault)
                } else {
                    fits = true
                }
            }
            if !fits { return faults.prefix(4).joined(separator: ", or ") }
        }
        return nil
    }

    private mutating func contentFault(
        _ value: JSON, _ schema: JSONObject, _ path: String, depth: Int
    ) -> String? {
        switch value {
        case .object(let object): objectFault(object, schema, path, depth: depth)
        case .array(let elements): arrayFault(elements, schema, path, depth: depth)
        case .number(let number): numberFault(number, schema, path)
        case .string(let text): lengthFault(text, schema, path)
        case .null, .boolean, .raw: nil
        }
    }

    private mutating func objectFault(
        _ object: JSONObject, _ schema: JSONObject, _ path: String, depth: Int
    ) -> String? {
        let given = Dictionary(object.members.map { ($0.key, $0.value) }) { $1 }
        let properties = schema["properties"]?.object?.members ?? []
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] where given[name] == nil {
            return "\(Self.joined(path, name)) is missing"
        }
        for property in properties {
            guard let value = given[property.key] else { continue }
            let place = Self.joined(path, property.key)
            if let fault = fault(value, property.value, place, depth: depth + 1) { return fault }
        }
        // Whether a name fits a pattern is not decided here, so nothing is said of the others.
        guard let others = schema["additionalProperties"], schema["patternProperties"] == nil else {
            return nil
        }
        let known = Set(properties.map(\.key))
        for member in object.members where !known.contains(member.key) {
            let place = Self.joined(path, member.key)
            if others == false {
                let names = properties.prefix(20).map(\.key).joined(separator: ", ")
                let known = names.isEmpty ? "are no arguments" : "are \(names)"
                return "\(place) is not known: there \(known)"
            }
            if let fault = fault(member.value, others, place, depth: depth + 1) { return fault }
        }
        return nil
    }

    private mutating func arrayFault(
        _ elements: [JSON], _ schema: JSONObject, _ path: String, depth: Int
    ) -> String? {
        if let least = schema["minItems"]?.integer, elements.count < least {
            return "\(shown(path)) must have at least \(least) elements, not \(elements.count)"
        }
        if let most = schema["maxItems"]?.integer, elements.count > most {
            return "\(shown(path)) must have at most \(most) elements, not \(elements.count)"
        }
        let first = schema["prefixItems"]?.array ?? []
        for (place, element) in elements.enumerated() {
            let schema = place < first.count ? first[place] : schema["items"]
            guard let schema else { continue }
            if let fault = fault(element, schema, "\(path)[\(place)]", depth: depth + 1) {
                return fault
            }
        }
        return nil
    }

    private func numberFault(
        _ number: JSONNumber, _ schema: JSONObject, _ path: String
    ) -> String? {
        guard let value = Double(number.text) else { return nil }
        let bounds: [(String, String, (Double, Double) -> Bool)] = [
            ("minimum", "at least", (>=)), ("maximum", "at most", (<=)),
            ("exclusiveMinimum", "more than", (>)), ("exclusiveMaximum", "less than", (<)),
        ]
        for (key, words, holds) in bounds {
            guard case .number(let bound)? = schema[key], let limit = Double(bound.text),
                !holds(value, limit)
            else { continue }
            return "\(shown(path)) must be \(words) \(bound.text), not \(number.text)"
        }
        return nil
    }

    private func lengthFault(_ text: String, _ schema: JSONObject, _ path: String) -> String? {
        if let least = schema["minLength"]?.integer, text.unicodeScalars.count < least {
            return "\(shown(path)) must have at least \(least) characters"
        }
        if let most = schema["maxLength"]?.integer, text.unicodeScalars.count > most {
            return "\(shown(path)) must have at most \(most) characters"
        }
        return nil
    }
}

extension ArgumentCheck {
    private func resolve(_ reference: String) -> JSON? {
        SchemaReference.resolve(reference, in: root)
    }

    private func shown(_ path: String) -> String {
        path.isEmpty ? "the arguments" : CleanText.line(path, lengthMax: Self.pathLengthMax)
    }

    private static func joined(_ path: String, _ name: String) -> String {
        guard CleanText.isIdentifier(name) else { return "\(path)[\(CleanText.quoted(name))]" }
        return path.isEmpty ? name : "\(path).\(name)"
    }

    private static func `is`(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("string", .string), ("boolean", .boolean), ("null", .null), ("array", .array),
            ("object", .object), ("number", .number):
            true
        case ("integer", .number(let number)):
            number.isSpelledAsInteger || number.integer != nil
                || Double(number.text).map { $0 == $0.rounded() } == true
        // What is not known is not refused.
        case ("string", _), ("boolean", _), ("null", _), ("array", _), ("object", _),
            ("number", _), ("integer", _):
            false
        default: true
        }
    }

    /// Numbers are the same where their values are.
    private static func same(_ left: JSON, _ right: JSON) -> Bool {
        if case .number(let left) = left, case .number(let right) = right {
            return left.text == right.text || Double(left.text) == Double(right.text)
        }
        return left == right
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "null": "null"
        case "array", "object", "integer": "an \(type)"
        default: "a \(CleanText.line(type, lengthMax: 20))"
        }
    }
}
