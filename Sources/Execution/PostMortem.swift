internal import Glibc
internal import WorkerProtocol

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
        if wasKilled {
            return ExecutionFailure(
                .workerLost,
                "The worker that ran the script was killed from outside, perhaps by the system for "
                    + "want of memory; nothing of it was kept.")
        }
        if exit == .exited(code: WorkerExit.notStartedCode) {
            return ExecutionFailure(
                .workerLost,
                "The system has no process to give for a worker; the script did not run. Try again."
            )
        }
        if failure == .sandboxViolation {
            return ExecutionFailure(
                .workerLost,
                "The worker that ran the script made a forbidden system call and was ended "
                    + "(\(exitText)); nothing of it was kept.")
        }
        return ExecutionFailure(
            .workerLost,
            "The worker that ran the script ended (\(exitText)); nothing of it was kept.")
    }

    /// What to tell the caller whose script was over but not yet serialised.
    var failureWhileSaving: ExecutionFailure {
        // Without an exit status it went with its template, which says nothing about the heap.
        switch failure {
        case nil, .outOfMemory, .killed, .sandboxViolation: return failureWhileRunning
        default: break
        }
        let reason = lastWords.text.isEmpty ? "its worker ended (\(exitText))" : lastWords.text
        return .notSerializable(reason)
    }

    /// What it is called; nil for a worker that went with its template.
    var failure: WorkerFailure? {
        WorkerFailure(exit, tellingOfMemory: lastWords.reportOutOfMemory)
    }

    private var isOutOfMemory: Bool { failure == .outOfMemory }

    /// Whoever is killed by this server is told why; this is somebody else's doing.
    private var wasKilled: Bool { failure == .killed }

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
