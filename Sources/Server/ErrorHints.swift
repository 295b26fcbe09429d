internal import Execution
internal import MCP
internal import WorkerProtocol

/// What leads on from an error that models make often.
struct ErrorHints {
    /// What is known of the run that failed.
    struct Run {
        /// The heap's name; nil for a run without one.
        var heap: String?
        /// Whether the run found variables that earlier runs left.
        var foundState: Bool
        /// Where the heap was when it was deleted not long ago; nil where that is not known.
        var deletedVersion: String?
    }

    /// A sentence that says what would be right; nil where there is nothing to say.
    static func hint(for failure: ExecutionFailure, _ run: Run) -> String? {
        guard let error = failure.scriptError else { return nil }
        if error.name == "ReferenceError", let name = missingName(in: error.message) {
            return hint(forMissing: name, run)
        }
        // Three backticks in front of code call an empty text as a template's function.
        if error.message == "\"\" is not a function" { return noFences }
        guard failure.kind == .syntax else { return nil }
        for (text, hint) in syntaxHints where error.message.contains(text) { return hint }
        let isDeclaredTwice = error.message.hasSuffix("has already been declared")
        return isDeclaredTwice ? redeclaration(error) : nil
    }

    private static func hint(forMissing name: String, _ run: Run) -> String? {
        if let hint = globalHints[name] { return hint }
        guard let heap = run.heap else {
            // A run on a bare version has its variables, and no name.
            if run.foundState { return nil }
            return "Nothing is kept between calls without `heap`: give each call the same heap "
                + "name to find in it what earlier calls defined."
        }
        if run.foundState {
            return "inspect_heap lists the variables of heap \(heap). What a failed call defined "
                + "was not kept."
        }
        if let version = run.deletedVersion {
            return "Heap \(heap) was deleted: fork_heap brings it back, with source \(version) and "
                + "target \(heap)."
        }
        return "There is no heap \(heap): list_heaps shows the heaps there are, and fork_heap "
            + "brings back one that was deleted, from its version. What a failed call defined was "
            + "not kept."
    }

    /// The name in `x is not defined`.
    private static func missingName(in message: String) -> String? {
        let suffix = " is not defined"
        guard message.hasSuffix(suffix) else { return nil }
        return String(message.dropLast(suffix.count))
    }

    private static func redeclaration(_ error: ScriptError) -> String {
        let name = error.message.split(separator: "'").dropFirst().first.map(String.init) ?? "it"
        // V8 complains of names of earlier calls before it reads the code, so at its start.
        if let place = error.place, (place.line, place.column) != (1, 1) {
            return "This code declares \(name) twice: assign to it the second time (\(name) = …)."
        }
        return "\(name) is there from an earlier call. Assign to it (\(name) = …), or declare it "
            + "in the same way as before, or use another name."
    }
}

// MARK: - What is not there

extension ErrorHints {
    private static let noFiles =
        "There are no files here: pass data in `code`, and return what you need as the result."
    private static let noNetwork =
        "There is no network here: fetch the data in another way, and pass it in `code`."
    private static let noModules =
        "There are no modules and no packages here: write the function, or paste its source."
    private static let noStore =
        "What code leaves in variables stays in the heap: no other store is needed."
    private static let noBrowser =
        "This is plain V8, not a browser: there is no page."
    private static let noRuntime =
        "This is plain V8, not Node, Deno or Bun: no processes, files, network or modules."
    private static let console = "Print with console.log(…)."
    private static let noFences = "Give the code alone, without the ``` around it."
    private static let noCompression =
        "Nothing compresses here: return the bytes as they are, in base64 where they must be text."
    private static let statelessOnly =
        "V8 cannot save it, so heaps do not have it: it is there in calls without `heap`."

    private static let globalHints: [String: String] = [
        "require": noModules, "module": noModules, "exports": noModules, "define": noModules,
        "_require": noModules, "importScripts": noModules, "npm": noModules,
        "fetch": noNetwork, "XMLHttpRequest": noNetwork, "WebSocket": noNetwork,
        "EventSource": noNetwork, "axios": noNetwork, "http": noNetwork, "https": noNetwork,
        "Request": noNetwork, "Response": noNetwork,
        "fs": noFiles, "path": noFiles, "__dirname": noFiles, "__filename": noFiles,
        "localStorage": noStore, "sessionStorage": noStore,
        "process": noRuntime, "Deno": noRuntime, "Bun": noRuntime, "os": noRuntime,
        "child_process": noRuntime, "global": "Use globalThis.",
        "Buffer": "There is no Buffer: use Uint8Array, TextEncoder and TextDecoder, atob and btoa.",
        "window": noBrowser, "document": noBrowser, "self": "Use globalThis.",
        "alert": console, "prompt": "Nobody can be asked here: pass the answer in `code`.",
        "print": console, "$": noBrowser, "jQuery": noBrowser,
        "requestAnimationFrame": "Use setTimeout.",
        "Worker": "There is one thread: split the work into several calls.",
        "MessageChannel": "There is one thread, and nobody to send messages to.",
        "Temporal": "Use Date and Intl.DateTimeFormat.",
        "URLPattern": "Use URL and a regular expression.",
        "CompressionStream": noCompression, "DecompressionStream": noCompression,
        "WebAssembly": statelessOnly, "SharedArrayBuffer": statelessOnly,
        "True": "Write true.", "False": "Write false.",
        "None": "Write null.",
    ]

    private static let syntaxHints: [(text: String, hint: String)] = [
        (
            "Illegal return statement",
            "The value of the last expression is the result: write it without return."
        ),
        (
            "Cannot use import statement", noModules
        ),
        (
            "Unexpected token 'export'",
            "Leave out export: what is declared at the top level stays in the heap."
        ),
        (
            "await is only valid",
            "await works at the top level and in async functions: mark this function as async."
        ),
    ]
}
