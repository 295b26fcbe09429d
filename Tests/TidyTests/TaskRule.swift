/// Files that begin a task and let go of it, and why each may.
let tasksLetGoOf: [String: String] = [
    "Sources/Execution/UnwrittenHeaps.swift":
        "What a worker writes is stored as its service ends, which hung storage must not put off.",
    "Sources/Transports/Stdio/StdioTransport.swift":
        "A tool that ignores its cancellation must not keep a process alive; limits wait for it.",
    "Tests/ExecutionTests/EventLoopExecutorTests.swift":
        "What is tested is where a task runs that a thread begins; a continuation waits for it.",
    "Tests/V8Suites/Begin.swift":
        "It is the whole program, and ends it.",
]

/// Tasks that are begun where nobody can wait for them or cancel them: their handle is dropped.
///
/// A handle that is kept and never used again is not found; the compiler warns of most.
func droppedTasks(in file: SourceFile) -> [Finding] {
    guard file.language == .swift, tasksLetGoOf[file.path] == nil else { return [] }
    let code = file.code.text
    let task = /\bTask\s*(?:<[^{}()]*>\s*)?(?:\([^(){}]*\)\s*)?\{/
    return code.matches(of: task).compactMap { match in
        guard isStatement(before: code[..<match.range.lowerBound]) else { return nil }
        let line = code[..<match.range.lowerBound].count { $0 == "\n" } + 1
        return Finding(
            path: file.path, line: line, complaint: "a `Task` that nobody can wait for")
    }
}

/// Whether what follows this code is an expression whose value goes nowhere.
private func isStatement(before code: Substring) -> Bool {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    let before = trimmed(lines.last ?? "")
    if before.contains(/(^|[^\w.])_\s*=$/) { return true }
    guard before.isEmpty else { return before.hasSuffix("{") || before.hasSuffix(";") }
    // At the start of a line it goes on with what the line before leaves open.
    let earlier = lines.dropLast().last { !trimmed($0).isEmpty }.map { trimmed($0) } ?? ""
    return !earlier.contains(/([=(,\[:?+&|]|\b(await|return|try|throw))$/)
}
