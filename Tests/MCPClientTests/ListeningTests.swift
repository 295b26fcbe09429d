import MCP
import Synchronization
import Testing

@testable import MCPClient

@Suite("Changes that a server of Streamable HTTP tells of", .timeLimit(.minutes(1)))
struct ListeningTests {
    private static let notice =
        #"data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"# + "\n\n"

    /// Connects, and returns the first thing that the server told by itself.
    private static func firstEvent(_ script: @escaping ScriptedHTTP.Script) async throws
        -> UpstreamEvent?
    {
        let (events, told) = AsyncStream.makeStream(of: UpstreamEvent.self)
        let upstream = ScriptedHTTPConnection(onEvent: { told.yield($0) }, script: script)
        _ = try await upstream.text()
        let event = await events.first { _ in true }
        await upstream.connection.stop()
        return event
    }

    @Test("come on a stream that is opened for them, in the older era")
    func legacy() async throws {
        let isFirst = Mutex(true)
        let event = try await Self.firstEvent(
            ScriptedHTTPConnection.legacy(capabilities: ["tools": ["listChanged": true]]) {
                request in
                guard request.method == "GET" else { return .text(request, "hello") }
                let opens = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                return opens ? .events([Self.notice]) : .silence
            })
        #expect(event == .toolsChanged)
    }

    @Test("are subscribed to in the newer era")
    func modern() async throws {
        let event = try await Self.firstEvent(
            ScriptedHTTPConnection.modern(capabilities: ["tools": ["listChanged": true]]) {
                request in
                guard request.json["method"] == "subscriptions/listen" else {
                    return .text(request, "hello")
                }
                #expect(request.json["params"]?["notifications"]?["toolsListChanged"] == true)
                return .events([Self.notice])
            })
        #expect(event == .toolsChanged)
    }
}
