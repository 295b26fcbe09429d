/// `package` and `public` declarations without a summary that ends in a full stop.
func undocumentedDeclarations(in file: SourceFile) -> [Finding] {
    let lines = file.lines.map { trimmed($0) }
    let code = file.code.lines.map { trimmed($0) }
    return code.indices.compactMap { index in
        guard declaresForOthers(code[index]) else { return nil }
        let summary = documentation(above: index, in: lines).prefix { !$0.isEmpty }
        if summary.isEmpty {
            return Finding(
                path: file.path, line: index + 1, complaint: "no summary: \(lines[index])")
        }
        guard summary.last?.hasSuffix(".") == true else {
            return Finding(
                path: file.path, line: index + 1,
                complaint: "the summary has no full stop: \(lines[index])")
        }
        return nil
    }
}

private let modifiers: Set<Substring> = [
    "package", "public", "open", "static", "final", "mutating", "consuming", "borrowing",
    "nonisolated", "override", "convenience", "required", "indirect", "lazy", "weak", "private",
    "fileprivate", "internal", "unsafe", "dynamic", "class",
]
private let declarations: Set<Substring> = [
    "struct", "enum", "class", "actor", "protocol", "func", "init", "var", "let", "subscript",
    "typealias", "associatedtype", "macro", "case",
]

/// Whether a line begins a declaration that other modules see.
private func declaresForOthers(_ line: Substring) -> Bool {
    var words = line.split { $0 == " " || $0 == "(" || $0 == "<" || $0 == ":" || $0 == "?" }
    while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
    let accesses: Set<Substring> = ["package", "public", "open"]
    guard let first = words.first, modifiers.contains(first) else { return false }
    let head = words.prefix { modifiers.contains($0) || $0.hasPrefix("set)") }
    guard head.contains(where: accesses.contains) else { return false }
    return head.contains("class")
        || words.dropFirst(head.count).first.map(declarations.contains)
            ?? false
}

/// The documentation above a line, without its slashes; attributes and comments may stand between.
private func documentation(above index: Int, in lines: [Substring]) -> [Substring] {
    var position = index - 1
    let isBetween = { (line: Substring) in
        line.hasPrefix("@") || (line.hasPrefix("//") && !line.hasPrefix("///"))
    }
    while position >= 0, isBetween(lines[position]) { position -= 1 }
    var comment: [Substring] = []
    while position >= 0, lines[position].hasPrefix("///") {
        comment.insert(trimmed(lines[position].dropFirst(3)), at: 0)
        position -= 1
    }
    return comment
}

/// A line without the blanks around it.
func trimmed(_ line: Substring) -> Substring {
    var line = line.drop(while: \.isWhitespace)
    while line.last?.isWhitespace == true { line.removeLast() }
    return line
}
