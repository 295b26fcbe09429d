import MCP

extension MCPServer {
    static func serving(
        _ tools: [Tool], limits: ConversationLimits = ConversationLimits()
    ) -> MCPServer {
        MCPServer(
            implementation: Implementation(name: "test", version: "1"), tools: tools, limits: limits
        )
    }
}

extension Tool {
    private static func named(_ name: String, _ call: @escaping Call) -> Tool {
        Tool(
            name: name, title: name, description: name, parameters: [],
            annotations: ToolAnnotations(
                effect: .readsOnly, repetition: .isIdempotent, world: .closed),
            call: call)
    }

    /// Answers with a megabyte of one letter.
    static func big(_ letter: String) -> Tool {
        named("big_\(letter)") { _, _ in
            ToolResult(.success, text: String(repeating: letter, count: 1 << 20))
        }
    }

    /// Answers when it is let go.
    static func waiting(for signal: Signal, began: Signal = Signal()) -> Tool {
        named("waiting") { _, _ in
            began.send()
            await signal.wait()
            return ToolResult(.success, text: "done")
        }
    }

    /// Runs until it is cancelled.
    static func endless(began: Signal, ended: Signal) -> Tool {
        named("endless") { _, _ in
            began.send()
            await Signal().wait()
            ended.send()
            return ToolResult(.failure, text: "cancelled")
        }
    }

    /// Runs on when it is cancelled, until it is let go.
    static func stubborn(began: Signal, until signal: Signal) -> Tool {
        named("stubborn") { _, _ in
            began.send()
            await Task { await signal.wait() }.value
            return ToolResult(.success, text: "done")
        }
    }
}

/// The text of a legacy call.
func call(_ tool: String, id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"}}"# + "\n"
}

/// The text of a ping.
func ping(_ id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# + "\n"
}

/// What answers a ping.
func pong(_ id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#
}
