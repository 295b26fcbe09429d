internal import Execution
internal import WorkerProtocol

/// What leads on from an error that models make often, where only the server knows what it takes:
/// the runtime itself explains names of other platforms.
struct ErrorHints {
    /// What is known of the run that failed.
    struct Run {
        /// The heap's name; nil for a run without one.
        var heap: String?
        /// Whether the run found variables that earlier runs left.
        var foundState: Bool
    }

    /// A sentence that says what would be right; nil where there is nothing to say.
    static func hint(for failure: ExecutionFailure, _ run: Run) -> String? {
        guard let error = failure.scriptError else { return nil }
        if failure.kind == .syntax, error.message.contains("await is only valid") {
            return "await works at the top level and in async functions: mark this function as "
                + "async."
        }
        guard error.name == "ReferenceError", let name = missingName(in: error.message) else {
            return nil
        }
        return words[name] ?? hint(forMissing: run)
    }

    private static func hint(forMissing run: Run) -> String? {
        guard let heap = run.heap else {
            // A run on a bare version has its variables, and no name.
            if run.foundState { return nil }
            return "Nothing is kept between calls without `heap`: give each call the same heap "
                + "name to find in it what earlier calls defined."
        }
        return run.foundState
            ? "inspect_heap lists the variables of heap \(heap). What a failed call defined was "
                + "not kept."
            : "Heap \(heap) is new and empty: list_heaps shows the heaps there are. What a "
                + "failed call defined was not kept."
    }

    /// The name in `x is not defined`, where nothing else was said of it.
    private static func missingName(in message: String) -> String? {
        let suffix = " is not defined"
        guard message.hasSuffix(suffix) else { return nil }
        return String(message.dropLast(suffix.count))
    }

    /// Words of other languages, and of places with more in them.
    private static let words = [
        "print": "Print with console.log(…).", "True": "Write true.", "False": "Write false.",
        "None": "Write null.", "global": "Use globalThis.", "self": "Use globalThis.",
        "prompt": "Nobody can be asked here: pass the answer in `code`.",
        "requestAnimationFrame": "Use setTimeout.",
        "Worker": "There is one thread: split the work into several calls.",
    ]
}
