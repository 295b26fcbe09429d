/// Errors that would be shown as the program's own source has them, in logs and to clients.
func speechlessErrors(in files: [SourceFile]) -> [Finding] {
    let describing = Set(
        files.flatMap { declarations(in: $0, conformingTo: "CustomStringConvertible") }.map(\.name))
    return files.flatMap { file in
        declarations(in: file, conformingTo: "Error").compactMap { declaration in
            guard declaration.isOwn, !describing.contains(declaration.name) else { return nil }
            return Finding(
                path: file.path, line: declaration.line,
                complaint: "the error \(declaration.name) is no CustomStringConvertible")
        }
    }
}

private struct Declaration {
    let name: Substring
    let line: Int
    /// Whether it is the type, not an extension of it.
    let isOwn: Bool
}

private func declarations(
    in file: SourceFile, conformingTo name: Substring
) -> [Declaration] {
    let pattern = /\b(enum|struct|class|actor|extension)\s+(?:\w+\.)*(\w+)\s*:\s*([^{]*)/
    return file.code.lines.enumerated().flatMap { index, line in
        line.matches(of: pattern).compactMap { match in
            let conformances = match.3.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            guard conformances.contains(name) else { return nil }
            return Declaration(name: match.2, line: index + 1, isOwn: match.1 != "extension")
        }
    }
}
