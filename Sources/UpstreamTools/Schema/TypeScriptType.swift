import MCP

/// Writes what a JSON Schema allows as a type of TypeScript. Unions stay unions; what is too large
/// or too deep is an `object` that says where the rest is.
struct TypeScriptType {
    /// Levels and nodes of one tool that are written out.
    private static let depthMax = 8
    private static let nodeCountMax = 400
    private static let literalCountMax = 40
    private static let cut = "object /* $describe */"

    /// A type, and how tightly its outermost operator binds.
    private struct Text {
        enum Binding { case whole, intersection, union }

        var text: String
        var binding = Binding.whole

        /// As an operand.
        func within(_ outer: Binding) -> String {
            switch (binding, outer) {
            case (.whole, _), (_, .union): text
            case (.intersection, .intersection): text
            default: "(\(text))"
            }
        }
    }

    private let root: JSON
    private var nodeCount = 0
    /// Types that references name, by the reference.
    private var names: [String: String] = [:]
    /// Their declarations, in the order in which they were met.
    private(set) var declarations: [String] = []

    init(root: JSONObject) {
        self.root = .object(root)
    }

    /// The type of the whole schema.
    mutating func write() -> String { type(of: root, depth: 0).text }

    private mutating func type(of schema: JSON, depth: Int) -> Text {
        nodeCount += 1
        guard depth <= Self.depthMax, nodeCount <= Self.nodeCountMax else {
            return Text(text: Self.cut)
        }
        switch schema {
        case .boolean(false): return Text(text: "never")
        case .object(let object):
            let type = bare(object, depth: depth)
            guard object["nullable"] == true, type.text != "any" else { return type }
            return union([type, Text(text: "null")])
        default: return Text(text: "any")
        }
    }

    private mutating func bare(_ schema: JSONObject, depth: Int) -> Text {
        if let reference = schema["$ref"] { return named(reference.string ?? "", depth: depth) }
        if let value = schema["const"] { return Text(text: literal(value)) }
        if let values = schema["enum"]?.array { return literals(values, schema) }
        var parts: [Text] = []
        if let type = plain(schema, depth: depth) { parts.append(type) }
        for part in schema["allOf"]?.array ?? [] { parts.append(type(of: part, depth: depth + 1)) }
        for key in ["anyOf", "oneOf"] {
            guard let choices = schema[key]?.array, !choices.isEmpty else { continue }
            parts.append(union(choices.map { type(of: $0, depth: depth + 1) }))
        }
        // Beside something else it says nothing.
        let telling = parts.filter { $0.text != "any" }
        if !telling.isEmpty { parts = telling }
        guard let first = parts.first else { return Text(text: "any") }
        guard parts.count > 1 else { return first }
        let text = parts.map { $0.within(.intersection) }.joined(separator: " & ")
        return Text(text: text, binding: .intersection)
    }

    /// What `type` and the keywords of that type say; nil where there are none.
    private mutating func plain(_ schema: JSONObject, depth: Int) -> Text? {
        if let types = schema["type"]?.array {
            return union(types.compactMap(\.string).map { single($0, schema, depth: depth) })
        }
        if let type = schema["type"]?.string {
            // What only says so again beside choices of objects adds nothing.
            let isRedundant =
                type == "object" && schema["properties"] == nil
                && (schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"]) != nil
            return isRedundant ? nil : single(type, schema, depth: depth)
        }
        if schema["properties"] != nil || schema["additionalProperties"]?.object != nil {
            return single("object", schema, depth: depth)
        }
        if schema["items"] != nil || schema["prefixItems"] != nil {
            return single("array", schema, depth: depth)
        }
        return nil
    }

    private mutating func single(_ type: String, _ schema: JSONObject, depth: Int) -> Text {
        switch type {
        case "string", "boolean", "null": Text(text: type)
        case "number", "integer": Text(text: "number")
        case "array": array(schema, depth: depth)
        case "object": object(schema, depth: depth)
        default: Text(text: "any")
        }
    }

    private mutating func array(_ schema: JSONObject, depth: Int) -> Text {
        if let items = schema["prefixItems"]?.array {
            var elements = items.map { type(of: $0, depth: depth + 1).text }
            if let rest = schema["items"], rest != false {
                let rest = type(of: rest, depth: depth + 1)
                elements.append("...\(rest.binding == .whole ? rest.text : "(\(rest.text))")[]")
            }
            return Text(text: "[\(elements.joined(separator: ", "))]")
        }
        guard let items = schema["items"] else { return Text(text: "any[]") }
        let element = type(of: items, depth: depth + 1)
        let isPlain = element.binding == .whole && !element.text.hasSuffix("*/")
        return Text(text: isPlain ? "\(element.text)[]" : "(\(element.text))[]")
    }

    private mutating func object(_ schema: JSONObject, depth: Int) -> Text {
        let properties = schema["properties"]?.object?.members ?? []
        let others = otherProperties(schema, depth: depth)
        guard !properties.isEmpty else {
            if let others { return Text(text: "Record<string, \(others.text)>") }
            let isEmpty = schema["additionalProperties"] == false
            return Text(text: isEmpty ? "{}" : "Record<string, any>")
        }
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        var members: [(text: String, note: String)] = []
        for property in properties {
            guard nodeCount < Self.nodeCountMax else {
                members.append(("/* more: $describe */", ""))
                break
            }
            let name =
                CleanText.isIdentifier(property.key)
                ? property.key : CleanText.quoted(property.key)
            let mark = required.contains(property.key) ? "" : "?"
            let type = type(of: property.value, depth: depth + 1)
            members.append(("\(name)\(mark): \(type.text)", note(on: property.value)))
        }
        if let others { members.append(("[key: string]: \(others.text)", "")) }
        return Text(text: Self.block(members, depth: depth))
    }

    /// The type of members that have no name in the schema; nil where it says nothing of them.
    private mutating func otherProperties(_ schema: JSONObject, depth: Int) -> Text? {
        let patterns = schema["patternProperties"]?.object?.members.map(\.value) ?? []
        let additional = schema["additionalProperties"].flatMap { $0.object == nil ? nil : $0 }
        let schemas = patterns + (additional.map { [$0] } ?? [])
        guard !schemas.isEmpty else { return nil }
        return union(schemas.map { type(of: $0, depth: depth + 1) })
    }

    private func union(_ parts: [Text]) -> Text {
        var texts: [String] = []
        for part in parts where !texts.contains(part.text) { texts.append(part.text) }
        guard texts.count > 1 else { return parts.first ?? Text(text: "any") }
        if texts.contains("any") { return Text(text: "any") }
        return Text(text: texts.joined(separator: " | "), binding: .union)
    }
}

// MARK: - Literals, names and notes

extension TypeScriptType {
    private func literal(_ value: JSON) -> String {
        switch value {
        case .string(let text): CleanText.quoted(String(text.prefix(200)))
        case .null, .boolean, .number: value.text
        case .array, .object, .raw: "object"
        }
    }

    private func literals(_ values: [JSON], _ schema: JSONObject) -> Text {
        let shown = values.prefix(Self.literalCountMax).map { Text(text: literal($0)) }
        guard values.count > Self.literalCountMax else { return union(shown) }
        let base = values.allSatisfy { $0.string != nil } ? "string" : "any"
        return Text(text: "\(base) /* one of \(values.count): $describe */")
    }

    /// The type that a reference within the schema names.
    private mutating func named(_ reference: String, depth: Int) -> Text {
        if let name = names[reference] { return Text(text: name) }
        guard let target = SchemaReference.resolve(reference, in: root) else {
            return Text(text: "any /* $ref that is not followed */")
        }
        let last = reference.split(separator: "/").last.map(String.init) ?? "Arguments"
        let name = unusedName(last == "#" ? "Arguments" : last)
        names[reference] = name
        let place = declarations.count
        declarations.append("")
        let type = type(of: target, depth: depth + 1)
        declarations[place] = "type \(name) = \(type.text);"
        return Text(text: name)
    }

    private func unusedName(_ wish: String) -> String {
        let letters = wish.prefix(40).filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let first = letters.first.map { $0.isNumber ? "T" : $0.uppercased() } ?? "T"
        let base = first + letters.dropFirst(letters.first?.isNumber == true ? 0 : 1)
        var name = base
        var number = 2
        while names.values.contains(name) {
            name = base + "\(number)"
            number += 1
        }
        return name
    }

    /// What a type cannot say.
    private func note(on schema: JSON) -> String {
        guard let schema = schema.object else { return "" }
        var parts: [String] = []
        if let text = schema["description"]?.string, !text.isEmpty {
            parts.append(CleanText.comment(text))
        }
        let bounds = [("minimum", "≥"), ("maximum", "≤"), ("minItems", "≥"), ("maxItems", "≤")]
        for (key, sign) in bounds {
            if case .number(let number)? = schema[key] { parts.append("\(sign) \(number.text)") }
        }
        for key in ["format", "pattern"] {
            if let text = schema[key]?.string {
                parts.append("\(key) \(CleanText.comment(text, lengthMax: 40))")
            }
        }
        if let standard = schema["default"], standard != .null {
            parts.append("default \(CleanText.comment(standard.text, lengthMax: 40))")
        }
        return parts.joined(separator: "; ")
    }

    /// Members of an object: on one line where they are few and need no words.
    private static func block(_ members: [(text: String, note: String)], depth: Int) -> String {
        let line = "{ \(members.map(\.text).joined(separator: "; ")) }"
        if members.allSatisfy(\.note.isEmpty), line.count <= 80, !line.contains("\n") {
            return line
        }
        let indentation = String(repeating: "  ", count: depth + 1)
        let lines = members.map { member in
            let note = member.note.isEmpty ? "" : " // \(member.note)"
            return "\(indentation)\(member.text);\(note)\n"
        }
        return "{\n\(lines.joined())\(String(repeating: "  ", count: depth))}"
    }
}
