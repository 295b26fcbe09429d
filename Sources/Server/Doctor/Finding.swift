internal import Execution
internal import MCP
internal import WorkerProtocol

/// What was found out about one thing that the server needs.
struct Finding {
    enum State: String {
        case fine = "ok"
        /// The server works, but not as well as it could.
        case warning
        /// The server does not work.
        case failed
    }

    /// What was looked at.
    let subject: String
    let state: State
    let words: String
    /// What can be done; nil where nothing need be.
    let fix: String?

    init(_ subject: String, _ state: State, _ words: String, fix: String? = nil) {
        self.subject = subject
        self.state = state
        self.words = words
        self.fix = fix
    }

    /// For a person: a line, and one more where something can be done.
    var text: String {
        let columns = [(state.rawValue, 9), (subject, 9)].map { word, width in
            word + String(repeating: " ", count: max(1, width - word.count))
        }
        let indent = String(repeating: " ", count: 18)
        return columns.joined() + words + (fix.map { "\n\(indent)-> \($0)" } ?? "")
    }

    /// For a program.
    var json: JSON {
        var json: JSONObject = [
            "check": .string(subject), "state": .string(state.rawValue), "text": .string(words),
        ]
        json["fix"] = fix.map(JSON.string)
        return .object(json)
    }

    /// One for each layer of the sandbox.
    static func layers(_ report: SandboxReport) -> [Finding] {
        guard !report.entries.isEmpty else {
            return [
                Finding(
                    "sandbox", .warning, "off: scripts are not confined",
                    fix: "leave out --sandbox off")
            ]
        }
        return report.entries.map { entry in
            Finding("sandbox", entry.fix == nil ? .fine : .warning, entry.line, fix: entry.fix)
        }
    }

    /// What can be done about a template that does not start.
    static func fix(of error: ExecutionError) -> String? {
        switch error {
        case .templateNotReady, .templateRefused:
            "the lines of mcp-v8-worker on standard error, above, say why"
        default: nil
        }
    }
}
