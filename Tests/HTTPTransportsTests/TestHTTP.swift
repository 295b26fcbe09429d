import HTTPTransports
import Logging
import MCP
import NIOCore
import NIOPosix

/// A transport that listens on a port of its own, and what a test says to it.
struct TestHTTP {
    let port: Int

    /// Serves while a test runs.
    static func serving(
        _ tools: [Tool] = [], limits: HTTPLimits = HTTPLimits(), tls: TLSIdentity? = nil,
        probes: HTTPProbes = HTTPProbes(), authentication: Authentication? = nil,
        _ body: (TestHTTP) async throws -> Void
    ) async throws {
        let transport = HTTPTransport(
            server: MCPServer(
                implementation: Implementation(name: "test", version: "1"), tools: tools),
            configuration: HTTPConfiguration(
                host: "127.0.0.1", port: 0, endpoints: Set(Endpoint.allCases),
                admission: Admission(
                    policy: AccessPolicy(), authentication: authentication, limits: limits),
                tls: tls, limits: limits),
            probes: probes,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await transport.run(on: MultiThreadedEventLoopGroup.singleton) { address in
                    continuation.yield(address.port ?? 0)
                }
            }
            for await port in ports {
                try await body(TestHTTP(port: port))
                break
            }
            group.cancelAll()
        }
    }

    /// Sends these texts one after the other on a connection, and gives what comes back until it
    /// contains an expected text or the server closes.
    func send(_ texts: String..., until expected: String? = nil) async throws -> String {
        let channel = try await connect()
        var received = ""
        do {
            try await channel.executeThenClose { inbound, outbound in
                for text in texts { try await outbound.write(ByteBuffer(string: text)) }
                for try await piece in inbound {
                    received += String(buffer: piece)
                    if let expected, received.contains(expected) { break }
                }
            }
        } catch  where error is ChannelError || error is IOError {
            // The server closed the connection first: what came until then is all.
        }
        return received
    }

    /// Sends a text, and another when an expected text has come back, and gives all that comes.
    func send(_ first: String, after expected: String, _ second: String) async throws -> String {
        let channel = try await connect()
        var received = ""
        do {
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: first))
                var isSecondSent = false
                for try await piece in inbound {
                    received += String(buffer: piece)
                    guard received.contains(expected), !isSecondSent else { continue }
                    isSecondSent = true
                    try await outbound.write(ByteBuffer(string: second))
                }
            }
        } catch  where error is ChannelError || error is IOError {
            // As above.
        }
        return received
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
    }

    /// Posts a message to `/mcp`, and leaves the response where it is while something else is done.
    func postAndReadNothing(
        _ message: String, _ headers: String, while body: () async -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).get()
        let request = TestHTTP.head(message, [headers], path: "/mcp") + message
        try await channel.writeAndFlush(ByteBuffer(string: request)).get()
        await body()
        try? await channel.close().get()
    }

    /// Posts a message to `/mcp`, and gives the whole response.
    func post(_ message: String, _ headers: String..., until expected: String? = nil) async throws
        -> String
    {
        try await send(
            TestHTTP.head(message, headers, path: "/mcp") + message, until: expected)
    }

    static func head(_ message: String, _ headers: [String] = [], path: String) -> String {
        let lines = [
            "POST \(path) HTTP/1.1", "Host: localhost", "Content-Type: application/json",
            "Content-Length: \(message.utf8.count)", "Connection: close",
        ]
        return (lines + headers + ["", ""]).joined(separator: "\r\n")
    }

    static let initialize = """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
        """
    static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    /// A call of a tool as a modern client makes it.
    static func call(_ tool: String) -> (message: String, headers: String) {
        let meta = """
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",\
            "io.modelcontextprotocol/clientCapabilities":{},"progressToken":1
            """
        return (
            """
            {"jsonrpc":"2.0","id":1,"method":"tools/call",\
            "params":{"name":"\(tool)","_meta":{\(meta)}}}
            """,
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: \(tool)"
        )
    }
}

extension Tool {
    static func named(_ name: String, _ call: @escaping Call) -> Tool {
        Tool(
            name: name, title: name, description: name, parameters: [],
            annotations: ToolAnnotations(
                effect: .readsOnly, repetition: .isIdempotent, world: .closed),
            call: call)
    }

    /// Answers when it is let go, or when it is cancelled.
    static func waiting(for signal: Signal, began: Signal = Signal()) -> Tool {
        named("waiting") { _, context in
            context.reportProgress("waiting")
            began.send()
            await signal.wait()
            return ToolResult(.success, text: "done")
        }
    }
}

/// Tells a test that something happened, once.
struct Signal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send() {
        continuation.finish()
    }

    /// Returns when it was sent or the task is cancelled.
    func wait() async {
        for await _ in stream {}
    }
}
