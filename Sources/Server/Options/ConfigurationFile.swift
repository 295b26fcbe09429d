internal import MCP

/// A configuration file: one JSON object whose keys are option names.
struct ConfigurationFile: Sendable {
    let path: String
    /// In the file's order.
    let entries: [Entry]

    /// A name and its value as text.
    struct Entry: Hashable, Sendable {
        var name: String
        var text: String
        /// From 1 on; nil where the name is written with escapes.
        var line: Int?
    }

    /// Reads the bytes of a file.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` for what is not an object of texts, numbers and
    /// booleans.
    init(path: String, content: [UInt8]) throws(SettingsError) {
        self.path = path
        guard let members = (try? JSON(parsing: content))?.object?.members else {
            throw .invalid("\(path) is not a JSON object such as {\"timeout-ms\": 5000}")
        }
        var entries: [Entry] = []
        for member in members {
            let line = ConfigurationFile.line(of: member.key, in: content)
            switch member.value {
            case .string(let text): entries.append(Entry(name: member.key, text: text, line: line))
            case .number(let number):
                entries.append(Entry(name: member.key, text: number.text, line: line))
            case .boolean(let flag):
                entries.append(Entry(name: member.key, text: "\(flag)", line: line))
            default:
                let place = OptionSource.file(path: path, line: line).place
                throw .invalid("\"\(member.key)\" \(place) must be a text, a number, true or false")
            }
        }
        self.entries = entries
    }

    /// The line with a key: nothing else in such a file is in quotes and has a colon behind it.
    private static func line(of key: String, in content: [UInt8]) -> Int? {
        let quoted = Array("\"\(key)\"".utf8)
        var rest = content[...]
        while let range = rest.firstRange(of: quoted) {
            rest = rest[range.upperBound...]
            let next = rest.first { !" \t\r\n".utf8.contains($0) }
            guard next == UInt8(ascii: ":") else { continue }
            return 1 + content[..<range.lowerBound].count { $0 == UInt8(ascii: "\n") }
        }
        return nil
    }
}
