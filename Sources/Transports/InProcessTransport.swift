package import MCP
import Synchronization

/// A client in the same process: the protocol without bytes on a wire.
package struct InProcessTransport: Sendable {
    private let conversation: Conversation

    /// Connects a client to a server.
    package init(to server: MCPServer) {
        conversation = Conversation(with: server)
    }

    /// Sends one message and waits for what follows from it.
    ///
    /// - Parameter onNotification: called with each notification before the answer.
    /// - Returns: nil where nothing is answered.
    /// - Throws: ``MCPError`` if the server answers something that is no JSON.
    package func exchange(
        _ message: JSON, onNotification: @escaping @Sendable (JSON) -> Void = { _ in }
    ) async throws(MCPError) -> JSON? {
        let exchange = conversation.receive(message.encoded())
        let answer = await exchange.reply.run { notification in
            do {
                onNotification(try JSON(parsing: notification))
            } catch {
                preconditionFailure("A notification is no JSON: \(error)")
            }
        }
        guard let answer else { return nil }
        return try JSON(parsing: answer.bytes)
    }
}
