import MCP

extension Implementation {
    static let small = Implementation(name: "js", version: "0.1.0")
    static let titled = Implementation(name: "js", title: "JavaScript (V8)", version: "0.1.0")
    static let full = Implementation(
        name: "js", title: "JavaScript (V8)", version: "0.1.0", description: "Runs JavaScript.",
        websiteURL: "https://example.com")
}

extension ToolAnnotations {
    static let harmless = ToolAnnotations(
        effect: .readsOnly, repetition: .isIdempotent, world: .closed)
}

extension Tool {
    /// Answers with its arguments.
    static let echo = Tool(
        name: "echo", title: "Echo", description: "Says it again.",
        parameters: [
            ToolParameter(
                "text", otherNames: ["words"], .string(byteCountMax: 8), .required,
                description: "What."),
            ToolParameter("count", .integer(1...10), .optional, description: "How often."),
            ToolParameter("loud", .boolean, .optional, description: "How."),
            ToolParameter(
                "tone", .choice(["high", "low"]), .optional, description: "Which.",
                synonyms: ["deep": "low"]),
        ],
        outputSchema: ["type": "object"], annotations: .harmless,
        call: { arguments, _ in .structured(arguments) })

    static let failing = Tool(
        name: "run_js", title: "Run", description: "Throws.", parameters: [.code],
        annotations: .harmless,
        call: { _, _ in ToolResult(.failure, text: "Error: boom\n    at <run_js>:1:7") })

    static let three = Tool(
        name: "run_js", title: "Run", description: "Reports and answers 3.", parameters: [.code],
        annotations: .harmless,
        call: { _, context in
            context.reportProgress("1 s")
            return .structured(["result": 3])
        })

    /// Runs until it is cancelled, and tells when it began and ended.
    static func endless(began: Signal, ended: Signal = Signal()) -> Tool {
        Tool(
            name: "endless", title: "Endless", description: "Never ends.", parameters: [],
            annotations: .harmless,
            call: { _, context in
                context.reportProgress("running")
                began.send()
                await Signal().wait()
                context.reportProgress("cancelled")
                ended.send()
                return ToolResult(.success, text: "too late")
            })
    }
}

extension ToolParameter {
    static let code = ToolParameter(
        "code", .string(byteCountMax: 1_000), .required, description: "JavaScript source.")
}
