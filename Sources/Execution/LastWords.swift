internal import Glibc
internal import WorkerProtocol

/// What a worker wrote to its standard error before it ended; a hostile script may have chosen it.
package struct LastWords: Hashable, Sendable {
    private static let characterCountMax = 500
    private static let memoryWords = ["out of memory", "Allocation failed", "bad_alloc"]

    /// Printable ASCII on one line, cut at a bound.
    package let text: String
    /// Whether V8 or its allocator said that memory was short.
    package let tellOfMemory: Bool

    /// Judges what lies in a diagnostics file, from its start to its first zero byte.
    package init(_ bytes: [UInt8]) {
        let written = bytes.prefix { $0 != 0 }
        let printable = written.map { (32..<127).contains($0) ? $0 : UInt8(ascii: " ") }
        let words = String(decoding: printable, as: UTF8.self).split(separator: " ")
        let line = words.joined(separator: " ")
        text = String(line.prefix(LastWords.characterCountMax))
        tellOfMemory = LastWords.memoryWords.contains { line.contains($0) }
    }
}

/// Why a worker ended without an answer.
struct PostMortem: Sendable {
    let exit: WorkerExit?
    let lastWords: LastWords

    /// How the process ended, for a person.
    var exitText: String {
        switch exit {
        case .exited(let code): "exit code \(code)"
        case .signalled(let number): PostMortem.name(ofSignal: number)
        case nil: "unknown"
        }
    }

    /// What to tell the caller whose script was running.
    var failureWhileRunning: ExecutionFailure {
        if isOutOfMemory { return .outOfMemory }
        return ExecutionFailure(
            .workerLost,
            "The worker that ran the script ended (\(exitText)); nothing of it was kept.")
    }

    /// What to tell the caller whose script was over but not yet serialised.
    var failureWhileSaving: ExecutionFailure {
        // Without an exit status it went with its template, which says nothing about the heap.
        if exit == nil || isOutOfMemory { return failureWhileRunning }
        let reason = lastWords.text.isEmpty ? "its worker ended (\(exitText))" : lastWords.text
        return .notSerializable(reason)
    }

    /// `SIGKILL` that is not the server's is the kernel's, for want of memory.
    private var isOutOfMemory: Bool {
        exit == .exited(code: WorkerExit.outOfMemoryCode) || exit == .signalled(SIGKILL)
            || lastWords.tellOfMemory
    }

    private static func name(ofSignal number: Int32) -> String {
        switch number {
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGILL: "SIGILL"
        case SIGSEGV: "SIGSEGV"
        case SIGSYS: "SIGSYS"
        case SIGTRAP: "SIGTRAP"
        case SIGXCPU: "SIGXCPU"
        case SIGXFSZ: "SIGXFSZ"
        default: "signal \(number)"
        }
    }
}
