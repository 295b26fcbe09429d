/// The files `config` and `credentials` of the AWS tools: sections of settings.
struct ProfileFile: Sendable {
    /// A section's settings: a text each, or further settings under one name.
    struct Section: Hashable, Sendable {
        fileprivate(set) var values: [String: String] = [:]
        fileprivate(set) var nested: [String: [String: String]] = [:]

        /// What another section says comes first.
        mutating func merge(_ other: Section) {
            values.merge(other.values) { $1 }
            nested.merge(other.nested) { $1 }
        }
    }

    /// How a file names its profiles.
    enum Form: Sendable {
        /// `[profile NAME]`, except `[default]`; other kinds of sections too.
        case config
        /// `[NAME]`.
        case credentials
    }

    /// By name.
    private(set) var profiles: [String: Section] = [:]
    /// What `services` in a profile refers to, by name.
    private(set) var services: [String: Section] = [:]

    init() {}

    /// Reads a file; lines that make no sense are left out, as the AWS tools do.
    init(_ text: String, form: Form) {
        var header = Header.unknown
        var section = Section()
        var key: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let content = Self.content(of: line)
            guard !content.isEmpty else { continue }
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                store(section, under: header)
                header = Header(content[content.index(after: content.startIndex)..<end], form)
                (section, key) = (Section(), nil)
            } else if line.first?.isWhitespace == true, let outer = key {
                // An indented line belongs to the setting above it.
                guard let (name, value) = Self.setting(content) else { continue }
                section.nested[outer, default: [:]][name] = value
            } else if let (name, value) = Self.setting(content) {
                section.values[name] = value
                key = name
            }
        }
        store(section, under: header)
    }

    /// What another file says comes first.
    mutating func merge(_ other: ProfileFile) {
        for (name, section) in other.profiles { profiles[name, default: Section()].merge(section) }
        for (name, section) in other.services { services[name, default: Section()].merge(section) }
    }

    private enum Header {
        case profile(String)
        case services(String)
        case unknown

        init(_ text: Substring, _ form: Form) {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            switch (words.count, words.first, form) {
            case (1, "default", _): self = .profile("default")
            case (1, let name?, .credentials): self = .profile(name)
            case (2, "profile", .config): self = .profile(words[1])
            case (2, "services", .config): self = .services(words[1])
            default: self = .unknown
            }
        }
    }

    private mutating func store(_ section: Section, under header: Header) {
        switch header {
        case .profile(let name): profiles[name, default: Section()].merge(section)
        case .services(let name): services[name, default: Section()].merge(section)
        case .unknown: break
        }
    }

    /// A line without its comment and the blanks around it.
    private static func content(of line: Substring) -> Substring {
        var result = line.drop(while: \.isWhitespace)
        if result.hasPrefix("#") || result.hasPrefix(";") { return "" }
        for mark in [" #", " ;", "\t#", "\t;"] {
            if let comment = result.firstRange(of: mark) { result = result[..<comment.lowerBound] }
        }
        while result.last?.isWhitespace == true { result.removeLast() }
        return result
    }

    private static func setting(_ text: Substring) -> (name: String, value: String)? {
        guard let mark = text.firstIndex(of: "=") else { return nil }
        let trim: (Substring) -> String = { part in
            var part = part.drop(while: \.isWhitespace)
            while part.last?.isWhitespace == true { part.removeLast() }
            return String(part)
        }
        let name = trim(text[..<mark]).lowercased()
        return name.isEmpty ? nil : (name, trim(text[text.index(after: mark)...]))
    }
}
