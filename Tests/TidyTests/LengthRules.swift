/// The bounds that keep a file readable.
enum Length {
    static let columnsMax = 100
    static let fileLinesMax = 400
    static let functionLinesMax = 70
    static let readmeLinesMax = 120
}

/// Lines over the limit.
func longLines(in file: SourceFile) -> [Finding] {
    file.lines.enumerated().compactMap { index, line in
        guard line.count > Length.columnsMax else { return nil }
        return Finding(path: file.path, line: index + 1, complaint: "\(line.count) columns")
    }
}

/// A file over the limit.
func longFile(_ file: SourceFile, linesMax: Int = Length.fileLinesMax) -> [Finding] {
    let count = file.lines.count
    guard count > linesMax else { return [] }
    return [Finding(path: file.path, line: 0, complaint: "\(count) lines, at most \(linesMax)")]
}

/// Functions over the limit, in a language with braces.
func longFunctions(in file: SourceFile) -> [Finding] {
    guard let language = file.language, language != .python else { return [] }
    var scanner = FunctionScanner(code: file.code.text, language: language)
    guard let functions = scanner.run() else {
        return [Finding(path: file.path, line: 0, complaint: "its braces do not match")]
    }
    return functions.compactMap { function in
        let count = function.lastLine - function.firstLine + 1
        guard count > Length.functionLinesMax else { return nil }
        return Finding(
            path: file.path, line: function.firstLine, complaint: "a function of \(count) lines")
    }
}

/// Finds functions by their braces and what stands before them.
private struct FunctionScanner {
    struct Function {
        var firstLine: Int
        var lastLine: Int
    }

    private struct Block {
        let firstLine: Int
        let isFunction: Bool
        /// Functions inside functions are counted with them, and not again.
        let isInsideFunction: Bool
    }

    let code: String
    let language: Language
    private var blocks: [Block] = []
    private var functions: [Function] = []
    private var header = ""
    private var headerLine = 0
    private var line = 1

    init(code: String, language: Language) {
        self.code = code
        self.language = language
    }

    /// The functions, or nil where braces do not match.
    mutating func run() -> [Function]? {
        for character in code {
            switch character {
            case "{": open()
            case "}":
                guard close() else { return nil }
            case ";": header = ""
            default: extendHeader(with: character)
            }
            if character == "\n" { line += 1 }
        }
        return blocks.isEmpty ? functions : nil
    }

    private mutating func extendHeader(with character: Character) {
        if header.isEmpty {
            if character.isWhitespace { return }
            headerLine = line
        }
        // A blank line, or in Swift a line that begins a declaration, ends what came before it.
        if character == "\n", language == .swift || header.hasSuffix("\n") {
            let isOpenEnded = header.hasSuffix(",") || header.hasSuffix("(") || hasOpenParenthesis
            if language != .swift || !(isOpenEnded || startsFunction) { return header = "" }
        }
        header.append(character)
    }

    private mutating func open() {
        let isInside = blocks.last.map { $0.isFunction || $0.isInsideFunction } ?? false
        blocks.append(
            Block(firstLine: headerLine, isFunction: startsFunction, isInsideFunction: isInside))
        header = ""
    }

    private mutating func close() -> Bool {
        guard let block = blocks.popLast() else { return false }
        if block.isFunction, !block.isInsideFunction {
            functions.append(Function(firstLine: block.firstLine, lastLine: line))
        }
        header = ""
        return true
    }

    private var hasOpenParenthesis: Bool {
        header.count { $0 == "(" } > header.count { $0 == ")" }
    }

    /// Whether the text before a brace is the head of a function.
    private var startsFunction: Bool {
        let words = header.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        switch language {
        case .swift:
            return words.contains { ["func", "init", "deinit", "subscript"].contains($0) }
        case .c:
            let containers: Set<Substring> = [
                "namespace", "extern", "class", "struct", "enum", "union",
            ]
            return header.contains("(") && words.first.map { !containers.contains($0) } ?? false
        case .javaScript:
            // What wraps a whole file is a scope, not a function.
            if blocks.isEmpty, header.hasPrefix("(") { return false }
            let controls: Set<Substring> = ["if", "for", "while", "switch", "catch", "with", "do"]
            return header.hasSuffix("=> ") || words.contains("function")
                || (header.contains(")") && words.first.map { !controls.contains($0) } ?? false)
        case .python: return false
        }
    }
}
