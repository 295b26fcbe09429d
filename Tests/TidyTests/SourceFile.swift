/// A file of the repository as the rules see it: its place and its text.
struct SourceFile: Sendable {
    /// Path from the repository's root, such as `Sources/V8/Engine.swift`.
    let path: String
    let text: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }

    /// The language, by the name's ending; nil for papers and data.
    var language: Language? {
        path.split(separator: ".").last.flatMap { Language(ending: String($0)) }
    }

    /// The lines, without a last one that is empty because the text ends with a newline.
    var lines: [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The text with comments and the content of literals blanked; lines and columns stay.
    var code: SourceFile {
        language.map { SourceFile(path, blankingCommentsAndLiterals(in: text, of: $0)) } ?? self
    }

    /// The name of the target under `Sources/` that the file belongs to.
    var target: Substring? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? parts[1] : nil
    }
}

/// The languages that the rules can read.
enum Language: Sendable {
    case swift
    case c
    case javaScript
    case python

    init?(ending: String) {
        switch ending {
        case "swift": self = .swift
        case "c", "cpp", "cc", "h", "hpp": self = .c
        case "js", "mjs": self = .javaScript
        case "py": self = .python
        default: return nil
        }
    }
}

/// A place that breaks a rule.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    /// From 1; 0 where the whole file is meant.
    let line: Int
    let complaint: String

    var description: String { line > 0 ? "\(path):\(line): \(complaint)" : "\(path): \(complaint)" }
}

extension Sequence where Element == Finding {
    /// One finding a line, for a test's failure message.
    var listing: String { map { "\n  \($0)" }.joined() }
}
