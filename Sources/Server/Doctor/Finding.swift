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
    let mend: String?

    init(_ subject: String, _ state: State, _ words: String, mend: String? = nil) {
        self.subject = subject
        self.state = state
        self.words = words
        self.mend = mend
    }

    /// For a person: a line, and one more where something can be done.
    var text: String {
        let columns = [(state.rawValue, 9), (subject, 9)].map { word, width in
            word + String(repeating: " ", count: max(1, width - word.count))
        }
        let indent = String(repeating: " ", count: 18)
        return columns.joined() + words + (mend.map { "\n\(indent)-> \($0)" } ?? "")
    }

    /// For a program.
    var json: JSON {
        var json: JSONObject = [
            "check": .string(subject), "state": .string(state.rawValue), "text": .string(words),
        ]
        json["mend"] = mend.map(JSON.string)
        return .object(json)
    }

    /// One for each layer of the sandbox.
    static func layers(_ report: SandboxReport) -> [Finding] {
        guard !report.entries.isEmpty else {
            return [
                Finding(
                    "sandbox", .warning, "off: scripts are not confined",
                    mend: "leave out --sandbox off")
            ]
        }
        return report.entries.map { entry in
            Finding("sandbox", entry.mend == nil ? .fine : .warning, entry.line, mend: entry.mend)
        }
    }

    /// What can be done about a template that does not start.
    static func mend(of error: ExecutionError) -> String? {
        switch error {
        case .templateNotReady, .templateRefused:
            "the lines of mcp-v8-worker on standard error, above, say why"
        default: nil
        }
    }
}
