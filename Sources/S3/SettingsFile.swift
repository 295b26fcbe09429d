/// Sections of settings in the form that Python's `configparser` reads, in its strict mode.
struct SettingsFile {
    /// In the order of the file, with the settings of `[DEFAULT]` in each.
    private(set) var sections: [(name: String, settings: [String: String])] = []

    /// - Throws: ``S3Error/invalidConfiguration(_:)`` with the file and the line.
    init(_ text: String, path: String) throws(S3Error) {
        var reader = Reader(path: path)
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        let isEnd = { (character: Character) in ["\n", "\r", "\r\n"].contains(character) }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: isEnd) {
            try reader.read(line)
        }
        let defaults = reader.sections.first { $0.name == "DEFAULT" }?.finished ?? [:]
        sections = reader.sections.filter { $0.name != "DEFAULT" }.map { section in
            (section.name, defaults.merging(section.finished) { $1 })
        }
    }

    private struct Reader {
        struct Section {
            let name: String
            /// Each setting's lines.
            var settings: [String: [String]] = [:]

            var finished: [String: String] {
                settings.mapValues { lines in
                    let text = lines.joined(separator: "\n")
                    return String(text[..<text.endOfText])
                }
            }
        }

        let path: String
        var sections: [Section] = []
        private var setting: String?
        private var indentation = 0
        private var lineNumber = 0

        init(path: String) { self.path = path }

        mutating func read(_ line: Substring) throws(S3Error) {
            lineNumber += 1
            let content = line.trimmed
            if content.hasPrefix("#") || content.hasPrefix(";") { return }
            guard !content.isEmpty else { return goOn(with: "") }
            let depth = line.prefix { $0.isWhitespace }.count
            if setting != nil, depth > indentation { return goOn(with: content) }
            indentation = depth
            if content.hasPrefix("["), let end = content.lastIndex(of: "]"),
                content.index(after: content.startIndex) < end
            {
                try begin(String(content[content.index(after: content.startIndex)..<end]))
            } else {
                try set(content)
            }
        }

        /// Adds a line to the setting above it.
        private mutating func goOn(with content: String) {
            guard let setting, !sections.isEmpty else { return }
            sections[sections.count - 1].settings[setting]?.append(content)
        }

        private mutating func begin(_ name: String) throws(S3Error) {
            guard !sections.contains(where: { $0.name == name }) else {
                throw complaint("a second [\(name)]")
            }
            sections.append(Section(name: name))
            setting = nil
        }

        private mutating func set(_ content: String) throws(S3Error) {
            guard let mark = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw complaint("neither a section such as [default] nor a setting")
            }
            guard !sections.isEmpty else { throw complaint("a setting before the first section") }
            let name = content[..<mark].trimmed.lowercased()
            guard !name.isEmpty else { throw complaint("a value without a name") }
            guard sections[sections.count - 1].settings[name] == nil else {
                throw complaint("a second \(name)")
            }
            sections[sections.count - 1].settings[name] =
                [content[content.index(after: mark)...].trimmed]
            setting = name
        }

        /// The line itself is not told: it may be a secret.
        private func complaint(_ what: String) -> S3Error {
            .invalidConfiguration("\(path), line \(lineNumber): \(what)")
        }
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        return start < endOfText ? String(self[start..<endOfText]) : ""
    }

    fileprivate var endOfText: Index {
        lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? startIndex
    }
}
