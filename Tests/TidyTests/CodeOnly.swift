/// The text with comments and the content of literals replaced by spaces.
///
/// Reads as much of each language as the rules need: nested comments, raw, multi-line and
/// interpolated strings in Swift; character literals and raw strings in C++; templates in
/// JavaScript; regular expressions in both.
func blankingCommentsAndLiterals(in text: String, of language: Language) -> String {
    var blanker = Blanker(bytes: Array(text.utf8), language: language)
    return blanker.run()
}

private struct Blanker {
    let bytes: [UInt8]
    let language: Language
    var output: [UInt8] = []
    var position = 0

    init(bytes: [UInt8], language: Language) {
        self.bytes = bytes
        self.language = language
        output.reserveCapacity(bytes.count)
    }

    mutating func run() -> String {
        while position < bytes.count { step() }
        return String(decoding: output, as: UTF8.self)
    }

    private mutating func step() {
        if language == .python {
            if at("#") { return blankLine() }
            if at("\"\"\"") { return blank(from: 3, to: "\"\"\"", escaped: true) }
            if at("'''") { return blank(from: 3, to: "'''", escaped: true) }
        } else {
            if at("//") { return blankLine() }
            if at("/*") { return blankComment() }
        }
        switch language {
        case .swift:
            if at("\"\"\"") { return blank(from: 3, to: "\"\"\"", escaped: true) }
            if at("#\"") || at("##\"") { return blankRawString() }
            if at("/"), !at("/ "), startsRegularExpression { return blankRegularExpression() }
        case .c:
            if at("R\"(") { return blank(from: 3, to: ")\"", escaped: false) }
            if at("'"), !followsDigit { return blank(from: 1, to: "'", escaped: true) }
        case .javaScript:
            if at("'") { return blank(from: 1, to: "'", escaped: true) }
            if at("`") { return blank(from: 1, to: "`", escaped: true) }
            if at("/"), startsRegularExpression { return blankRegularExpression() }
        case .python:
            if at("'") { return blank(from: 1, to: "'", escaped: true) }
        }
        if at("\"") { return blank(from: 1, to: "\"", escaped: true) }
        keep(1)
    }

    // MARK: What is blanked

    private mutating func blankLine() {
        while position < bytes.count, !at("\n") { erase(1) }
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += depth == 0 || language == .swift ? 1 : 0
                erase(2)
            } else if at("*/") {
                depth -= 1
                erase(2)
            } else {
                erase(1)
            }
        } while depth > 0 && position < bytes.count
    }

    /// Blanks a literal; its delimiters stay. An interpolation counts as content.
    private mutating func blank(from openingCount: Int, to closing: String, escaped: Bool) {
        keep(openingCount)
        while position < bytes.count, !at(closing) {
            if language == .swift, at("\\(") {
                erase(2)
                blankInterpolation()
            } else {
                erase(escaped && at("\\") ? 2 : 1)
            }
        }
        keep(closing.utf8.count)
    }

    /// Blanks to the parenthesis that ends an interpolation, with the literals inside it.
    private mutating func blankInterpolation() {
        var depth = 1
        while position < bytes.count, depth > 0 {
            if at("(") { depth += 1 }
            if at(")") { depth -= 1 }
            if at("\"") {
                erase(1)
                while position < bytes.count, !at("\""), !at("\n") { erase(at("\\") ? 2 : 1) }
            }
            erase(1)
        }
    }

    private mutating func blankRawString() {
        let mark = at("##") ? "##" : "#"
        let quote = at(mark + "\"\"\"") ? "\"\"\"" : "\""
        blank(from: mark.utf8.count + quote.utf8.count, to: quote + mark, escaped: false)
    }

    private mutating func blankRegularExpression() {
        var isInClass = false
        keep(1)
        while position < bytes.count, !at("\n"), isInClass || !at("/") {
            if at("[") { isInClass = true }
            if at("]") { isInClass = false }
            erase(at("\\") ? 2 : 1)
        }
        keep(1)
    }

    // MARK: Where the reader is

    private func at(_ text: StaticString) -> Bool { at(text.description) }

    private func at(_ text: String) -> Bool {
        position + text.utf8.count <= bytes.count && bytes[position...].starts(with: text.utf8)
    }

    /// A C++ digit separator is no character literal.
    private var followsDigit: Bool {
        position > 0 && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position - 1])
    }

    /// A `/` divides after a value and starts a regular expression after anything else.
    private var startsRegularExpression: Bool {
        let before = output.reversed().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        guard let last = before.first else { return true }
        let word = String(decoding: before.prefix(6).reversed(), as: UTF8.self)
        return "(,=:[!&|?{};+-*<>~^%".utf8.contains(last) || word == "return"
            || word.hasSuffix("typeof")
    }

    private mutating func keep(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            output.append(bytes[position])
            position += 1
        }
    }

    private mutating func erase(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            let isNewline = bytes[position] == UInt8(ascii: "\n")
            output.append(isNewline ? bytes[position] : UInt8(ascii: " "))
            position += 1
        }
    }
}
