import MCP
import MCPClient

/// Reads the members of a configuration, and collects what is wrong with them instead of stopping
/// at the first.
struct ConfigurationReader {
    let text: ConfigurationText
    let variables: VariableExpansion
    private(set) var faults: [String] = []
    private(set) var warnings: [String] = []

    private static let noteCountMax = 50

    init(_ text: ConfigurationText, variables: VariableExpansion) {
        self.text = text
        self.variables = variables
    }

    /// A mistake: the configuration will not be used.
    mutating func fault(_ path: String, _ reason: String) {
        if faults.count < Self.noteCountMax { faults.append("\(text.place(path)): \(reason)") }
    }

    /// Something that is ignored.
    mutating func warn(_ path: String, _ reason: String) {
        if warnings.count < Self.noteCountMax { warnings.append("\(text.place(path)): \(reason)") }
    }

    /// A text with its variables filled in; nil, and a fault, where it is none.
    mutating func string(_ json: JSON, _ path: String) -> String? {
        guard let string = json.string else {
            fault(path, "must be a string, not \(json.kindDescription)")
            return nil
        }
        do {
            let value = try variables.expand(string)
            guard !value.unicodeScalars.contains("\0") else {
                fault(path, "must not have a zero byte")
                return nil
            }
            return value
        } catch {
            fault(path, "\(error)")
            return nil
        }
    }

    /// An array of texts; one text stands for an array of one.
    mutating func strings(_ json: JSON, _ path: String) -> [String] {
        guard let elements = json.array else {
            fault(path, "must be an array of strings, not \(json.kindDescription)")
            return []
        }
        return elements.enumerated().compactMap { string($1, "\(path)[\($0)]") }
    }

    /// An object whose values are texts; numbers and booleans count as what they are written as.
    mutating func stringTable(_ json: JSON, _ path: String) -> [String: String] {
        guard let object = json.object else {
            fault(path, "must be an object of strings, not \(json.kindDescription)")
            return [:]
        }
        var table: [String: String] = [:]
        for member in object.members {
            let isPlain = [.boolean(true), .boolean(false)].contains(member.value)
            var value = member.value
            if case .number(let number) = value { value = .string(number.text) }
            if isPlain { value = .string(value.text) }
            if let text = string(value, "\(path).\(member.key)") { table[member.key] = text }
        }
        return table
    }

    /// A truth value.
    mutating func boolean(_ json: JSON, _ path: String) -> Bool? {
        if json.boolean == nil { fault(path, "must be true or false, not \(json.text.prefix(40))") }
        return json.boolean
    }

    /// An integer within a range.
    mutating func integer(_ json: JSON, _ path: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = json.integer, range.contains(number) else {
            fault(
                path,
                "must be an integer from \(range.lowerBound) to \(range.upperBound), not"
                    + " \(json.text.prefix(40))")
            return nil
        }
        return number
    }

    /// One of a few words.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ json: JSON, _ path: String, _: Word.Type
    ) -> Word? where Word.RawValue == String {
        if let word = json.string.flatMap(Word.init(rawValue:)) { return word }
        let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        fault(path, "must be one of \(words), not \(json.text.prefix(40))")
        return nil
    }

    /// What to say of a key that is not known.
    static func unknown(_ key: String, known: [String]) -> String {
        let nearest = known.min { distance(key, $0) < distance(key, $1) }
        let isNear = nearest.map { distance(key, $0) <= max(2, key.count / 3) } ?? false
        let hint =
            isNear
            ? "did you mean \"\(nearest ?? "")\"?"
            : "known are \(known.sorted().joined(separator: ", "))"
        return "is not known: \(hint)"
    }

    /// How many letters must be changed to make one word of another, in whatever case.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.lowercased().prefix(40))
        let right = Array(right.lowercased().prefix(40))
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
