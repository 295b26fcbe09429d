/// Where a pattern occurs in a file's code, not in its comments or literals.
func occurrences(
    of pattern: some RegexComponent, in file: SourceFile, complaint: String
) -> [Finding] {
    file.code.lines.enumerated().compactMap { index, line in
        guard line.contains(pattern) else { return nil }
        return Finding(path: file.path, line: index + 1, complaint: complaint)
    }
}

/// Tries and casts that end the process where they fail.
func forcedTriesAndCasts(in file: SourceFile) -> [Finding] {
    occurrences(of: /\btry!|\bas!/, in: file, complaint: "`try!` or `as!`")
}

/// Prints to stdout, which belongs to MCP.
func prints(in file: SourceFile) -> [Finding] {
    let executables: [Substring] = ["Worker", "Server"]
    guard !executables.contains(file.target ?? "") else { return [] }
    return occurrences(
        of: /(^|[^\w.])(print|debugPrint|dump)\(/, in: file, complaint: "`print` in a library")
}

/// Concurrency on the side that has one thread.
func concurrency(in file: SourceFile) -> [Finding] {
    let singleThreaded: [Substring] = ["V8", "Sandbox", "Worker"]
    guard singleThreaded.contains(file.target ?? "") else { return [] }
    return occurrences(
        of: /(^|[^\w.])(async|await|actor|Task|TaskGroup|withTaskGroup|MainActor)\b/, in: file,
        complaint: "asynchronous code on the worker's side")
}

/// Tasks that nobody waits for.
func detachedTasks(in file: SourceFile) -> [Finding] {
    occurrences(of: /\bTask\s*\.\s*detached\b/, in: file, complaint: "`Task.detached`")
}

/// Integration tests that wait for a while, where they could wait for what they need.
func sleeps(in file: SourceFile) -> [Finding] {
    // The one place that waits, and what is run by hand, for hours.
    let patient = ["processes.py", "soak.py", "powerloss/"].map { "IntegrationTests/" + $0 }
    guard file.path.hasPrefix("IntegrationTests/"), !patient.contains(where: file.path.hasPrefix)
    else { return [] }
    return occurrences(
        of: /\btime\s*\.\s*sleep\b/, in: file, complaint: "a sleep in place of `wait_until`")
}

/// Promises to the compiler without the reason why they hold.
func unexplainedPromises(in file: SourceFile) -> [Finding] {
    let lines = file.lines.map { trimmed($0) }
    let promises = occurrences(
        of: /@unchecked\s+Sendable|nonisolated\(unsafe\)/, in: file,
        complaint: "no comment `// Safe because …` above it")
    return promises.filter { promise in
        var position = promise.line - 2
        while position >= 0, lines[position].hasPrefix("@") { position -= 1 }
        while position >= 0, lines[position].hasPrefix("//") {
            if lines[position].hasPrefix("// Safe because ") { return false }
            position -= 1
        }
        return true
    }
}

/// Types whose names say nothing of what they are.
func emptyNames(in file: SourceFile) -> [Finding] {
    let banned: Set<String> = [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Impl",
    ]
    let declaration = /\b(?:class|struct|enum|actor|protocol|typealias)\s+(\w+)/
    return file.code.lines.enumerated().flatMap { index, line in
        line.matches(of: declaration).compactMap { match in
            let parts = match.1.matches(of: /[A-Z][a-z0-9]*/).map { String($0.0) }
            guard parts.contains(where: banned.contains) else { return nil }
            return Finding(path: file.path, line: index + 1, complaint: "the name \(match.1)")
        }
    }
}
