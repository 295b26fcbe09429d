import MCP

/// Parses JSON, and gives a message to a server without tools; what is parsed must be written as
/// JSON that means the same.
func tryMessages(_ input: [UInt8]) {
    if let json = try? JSON(parsing: input) {
        let text = Array(json.text.utf8)
        guard let again = try? JSON(parsing: text), Array(again.text.utf8) == text else {
            preconditionFailure("JSON changes when it is written.")
        }
    }
    let conversation = Conversation(
        with: MCPServer(
            implementation: Implementation(
                name: "fuzz", title: "Fuzz", version: "0", description: "Fuzz"),
            tools: []))
    _ = conversation.receive(input)
}
