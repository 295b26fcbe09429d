internal import Execution
internal import MCP
internal import TypeScript
internal import WorkerProtocol

/// What a script is written in.
enum ScriptLanguage: String, CaseIterable, Sendable {
    /// JavaScript, or TypeScript where it does not parse as that.
    case detected = "auto"
    case javaScript = "js"
    case typeScript = "ts"

    static let noStripperHint =
        "This looks like TypeScript, and this server has no esbuild to strip its types with: "
        + "leave them out."

    /// Whether a script has what only TypeScript has, as far as one can tell at a glance.
    static func looksLikeTypeScript(_ code: String) -> Bool {
        code.contains(/\b(?:interface|enum|namespace|declare|abstract)\s+[A-Za-z_$]/)
            || code.contains(/\btype\s+[A-Za-z_$][\w$]*(?:<[^>]*>)?\s*=/)
            || code.contains(/[\w$)?]\s*:\s*(?:string|number|boolean|any|unknown|void|never)\b/)
            || code.contains(/[\w$)?]\s*:\s*[A-Z][\w$.]*(?:<|\[\]|\s*[=,){])/)
            || code.contains(/\b(?:as|satisfies)\s+[A-Za-z_$]/)
    }
}

/// What came of a script, in whichever language.
enum ScriptRun {
    case ran(ExecutionReport)
    /// Its types could not be stripped: nothing ran.
    case notStripped(ExecutionFailure)

    /// The answer to a call with this code.
    func toolResult(of code: String, _ deletedHeaps: DeletedHeaps) -> ToolResult {
        switch self {
        case .ran(let report): report.toolResult(of: code, deletedHeaps)
        case .notStripped(let failure): failure.toolResult(of: code)
        }
    }

    /// Why there is no value; nil if there is one.
    var kind: ExecutionFailure.Kind? {
        switch self {
        case .ran(let report): report.failure?.kind
        case .notStripped(let failure): failure.kind
        }
    }
}

extension ExecutionFailure {
    /// A server without esbuild was asked for TypeScript.
    static let noStripper = ExecutionFailure(
        .invalid,
        "language is \"ts\", and this server has no esbuild to strip types with: send JavaScript. "
            + "Whoever runs the server can install it (apt-get install esbuild), or name it with "
            + "--esbuild.")

    /// Says what kept types from being stripped.
    init(_ error: TypeScriptError) {
        if error == .tooSlow {
            self.init(
                .timeout,
                "The types were not stripped in time, and nothing ran: give a longer timeout_ms, "
                    + "or send JavaScript.")
            return
        }
        guard case .syntax(let message, let line, let column) = error else {
            self.init(.invalid, "The types could not be stripped: \(error). Send JavaScript.")
            return
        }
        let place = line > 0 ? "\n    at run_js:\(line):\(column)" : ""
        self.init(
            .syntax, "SyntaxError: \(message)",
            scriptError: ScriptError(
                kind: .syntax, name: "SyntaxError", message: message,
                stack: "SyntaxError: \(message)\(place)",
                place: line > 0
                    ? ScriptPlace(
                        script: "run_js", line: UInt32(clamping: line),
                        column: UInt32(clamping: column)) : nil))
    }
}

extension ExecutionReport {
    /// Why there is no value; nil if there is one.
    var failure: ExecutionFailure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }

    /// Whether the script did not parse, for a reason that types would be.
    var mayBeTypeScript: Bool {
        guard let failure, failure.kind == .syntax else { return false }
        return !failure.message.contains("already been declared")
    }

    /// Adds what to do instead to the message of a failure.
    mutating func addHint(_ hint: String) {
        guard case .failure(var failure) = outcome else { return }
        failure.message += ". \(hint)"
        failure.scriptError?.message += ". \(hint)"
        failure.scriptError?.stack += "\n\(hint)"
        outcome = .failure(failure)
    }
}
