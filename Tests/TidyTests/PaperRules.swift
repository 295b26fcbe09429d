/// Paths of the machine that something was written on.
func machinePaths(in file: SourceFile) -> [Finding] {
    // Put together here, so that this file does not find itself.
    let places = ["work", "root", "opt" + "/swift", "tmp" + "/wt"].map { "/" + $0 }
    return file.lines.enumerated().compactMap { index, line in
        for place in places {
            for range in line.ranges(of: place) where isWholePath(range, in: line) {
                return Finding(path: file.path, line: index + 1, complaint: "the path \(place)")
            }
        }
        return nil
    }
}

private func isWholePath(_ range: Range<Substring.Index>, in line: Substring) -> Bool {
    let before = line[..<range.lowerBound].last ?? " "
    let after = line[range.upperBound...].first ?? " "
    let isPart = { (character: Character) in
        character.isLetter || character.isNumber || "_-.*}".contains(character)
    }
    return !isPart(before) && !(isPart(after) && after != ".")
}

/// Prose that is wider than code may be. Tables, code, links' addresses and what programs write are
/// as wide as they are.
func wideProse(in file: SourceFile) -> [Finding] {
    let written = ["configuration", "test262"].map { "docs/reference/\($0).md" }
    guard file.path.hasSuffix(".md"), !written.contains(file.path) else { return [] }
    var isCode = false
    var isResult = false
    return file.lines.enumerated().compactMap { index, line in
        if line.contains("<!-- results: begin") { isResult = true }
        if line.contains("<!-- results: end") { isResult = false }
        let text = line.drop { $0 == " " }
        if text.hasPrefix("```") { isCode.toggle() }
        let isWhole = text.hasPrefix("|") || !text.contains(" ") || text.hasPrefix("#")
        guard !isCode, !isResult, !isWhole, line.count > Length.columnsMax else { return nil }
        return Finding(path: file.path, line: index + 1, complaint: "\(line.count) columns")
    }
}

/// The options that the reference documents: first cells of rows that begin with two dashes.
func documentedOptions(in reference: SourceFile) -> Set<String> {
    Set(
        reference.lines.compactMap { line in
            line.firstMatch(of: /^\| `--([a-z0-9-]+)/).map { String($0.1) }
        })
}

/// The options that the server declares: rows of its table, and properties of its subcommands.
func declaredOptions(in files: [SourceFile]) -> Set<String> {
    let name = /(?:customLong\(|ServerOption(?:<[^(]*>)?\(\s*(?:flag: )?)"([a-z0-9-]+)"/
    let property = /@(?:Option|Flag)(?:\([^@]*?\))?\s+(?:private\s+)?var\s+(\w+)/
    var options: Set<String> = []
    for file in files {
        for match in file.text.matches(of: name) { options.insert(String(match.1)) }
        for match in file.text.matches(of: property) where !match.0.contains("customLong") {
            options.insert(dashed(match.1))
        }
    }
    return options
}

/// Options on one side only.
func optionsThatDiffer(documented: Set<String>, declared: Set<String>) -> [Finding] {
    let reference = "docs/reference/configuration.md"
    let missing = declared.subtracting(documented).sorted().map {
        Finding(path: reference, line: 0, complaint: "--\($0) is not documented")
    }
    let stale = documented.subtracting(declared).sorted().map {
        Finding(path: reference, line: 0, complaint: "--\($0) does not exist")
    }
    return missing + stale
}

/// `timeoutMS` and `timeoutMs` as the argument parser spells them: `timeout-ms`.
private func dashed(_ name: Substring) -> String {
    var result = ""
    var previousIsUpper = true
    for character in name {
        if character.isUppercase, !previousIsUpper { result.append("-") }
        previousIsUpper = character.isUppercase
        result.append(character.lowercased())
    }
    return result
}
