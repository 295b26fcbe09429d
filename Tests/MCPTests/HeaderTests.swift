import MCP
import Testing

@Suite("Headers of HTTP requests")
struct HeaderTests {
    typealias Fields = [(name: String, value: String)]

    private static let call = Message.modern(
        "tools/call", #""name":"echo","arguments":{"text":"x"}"#)
    private static let right: Fields = [
        ("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "echo"),
    ]

    private func code(_ message: String, _ fields: Fields) async throws -> Int? {
        let context = MessageContext.http(ProtocolHeaders(fields))
        let json = try await TestClient().json(of: message, context: context)
        return json["error"]?["code"]?.integer
    }

    @Test(
        "that say the same as the body are accepted",
        arguments: [
            right,
            [
                ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", " tools/call\t"),
                ("MCP-NAME", "=?base64?ZWNobw==?="), ("Mcp-Param-X", "y"), ("Mcp-Session-Id", "z"),
            ],
        ] as [Fields])
    func accepted(fields: Fields) async throws {
        #expect(try await code(HeaderTests.call, fields) == nil)
    }

    @Test(
        "that are missing or say something else are refused",
        arguments: [
            [],
            Array(right[1...]),
            [right[0], right[2]],
            Array(right[..<2]),
            [("mcp-protocol-version", "2025-11-25"), right[1], right[2]],
            [("mcp-protocol-version", "2099-01-01"), right[1], right[2]],
            [right[0], ("mcp-method", "tools/list"), right[2]],
            [right[0], ("mcp-method", "Tools/Call"), right[2]],
            [right[0], right[1], ("mcp-name", "foo")],
            [right[0], right[1], ("mcp-name", "Echo")],
            [right[0], right[1], ("mcp-name", "")],
            [right[0], right[1], ("mcp-name", "=?base64?ZWNobw?=")],
            [right[0], right[1], ("mcp-name", "=?base64?ZWNobx==?=")],
            [right[0], right[1], ("mcp-name", "=?base64?!!!!?=")],
            [right[0], right[1], ("mcp-name", "=?base64?/w==?=")],
            right + [right[0]],
            right + [right[1]],
            right + [right[2]],
        ] as [Fields])
    func refused(fields: Fields) async throws {
        #expect(try await code(HeaderTests.call, fields) == -32020)
        #expect(await TestClient().status(of: HeaderTests.call, headers: fields) == 400)
    }

    @Test("are quoted in the refusal")
    func message() async {
        let context = MessageContext.http(
            ProtocolHeaders([HeaderTests.right[0], HeaderTests.right[1], ("mcp-name", "foo")]))
        let call = Message.modern("tools/call", #""name":"run_js""#, id: "8")
        #expect(
            await TestClient().answer(to: call, context: context)
                == #"{"jsonrpc":"2.0","id":8,"error":{"code":-32020,"message":"Header mismatch: "#
                + #"Mcp-Name header value 'foo' does not match body value 'run_js'"}}"#)
    }

    @Test(
        "are compared before the envelope, the version, the method and the parameters",
        arguments: [
            (Message.modern("no/such"), [right[0]], -32020),
            (Message.modern("no/such"), [right[0], ("mcp-method", "no/such")], -32601),
            (
                Message.modern(
                    "tools/list", meta: #""io.modelcontextprotocol/protocolVersion":"2099-01-01""#),
                [("mcp-protocol-version", "2099-01-01"), ("mcp-method", "tools/list")], -32602
            ),
            (
                Message.modern(
                    "no/such",
                    meta: #""io.modelcontextprotocol/protocolVersion":"2099-01-01","#
                        + #""io.modelcontextprotocol/clientCapabilities":{}"#),
                [("mcp-protocol-version", "2099-01-01"), ("mcp-method", "no/such")], -32022
            ),
            (
                Message.modern("tools/call"), [right[0], ("mcp-method", "tools/call")], -32602
            ),
            (
                Message.modern("tools/call"), right, -32020
            ),
            // No claim in the body: that is what is missing, unless a header is plainly wrong.
            (Message.legacy("tools/list"), [("mcp-protocol-version", "2026-07-28")], -32602),
            (
                Message.legacy("tools/list"),
                [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")], -32602
            ),
            (
                Message.legacy("tools/list"),
                [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "ping")], -32020
            ),
            (Message.legacy("tools/list"), [("mcp-protocol-version", "2024-01-01")], -32602),
        ] as [(String, Fields, Int)])
    func order(message: String, fields: Fields, expected: Int) async throws {
        #expect(try await code(message, fields) == expected)
    }

    @Test(
        "of any legacy revision are accepted, whatever was negotiated",
        arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
    func legacy(version: String) async throws {
        let client = TestClient()
        await client.initialize(.november2024)
        let context = MessageContext.http(
            ProtocolHeaders([(name: "MCP-Protocol-Version", value: version)]))
        let json = try await client.json(of: Message.legacy("tools/list"), context: context)
        let tool = json["result"]?["tools"]?.array?.first
        #expect(tool?["name"] == "echo")
        #expect(tool?["annotations"] == nil)
    }

    @Test("tell the revision where there was no initialize")
    func headerRevision() async throws {
        let context = MessageContext.http(
            ProtocolHeaders([(name: "MCP-Protocol-Version", value: "2025-06-18")]))
        let json = try await TestClient().json(of: Message.legacy("tools/list"), context: context)
        #expect(json["result"]?["tools"]?.array?.first?["title"] == "Echo")
    }

    @Test("of a modern revision do not turn initialize into a modern request")
    func initialize() async throws {
        let context = MessageContext.http(
            ProtocolHeaders([(name: "MCP-Protocol-Version", value: "2026-07-28")]))
        let client = TestClient()
        let message = Message.legacy("initialize", #"{"protocolVersion":"2025-11-25"}"#)
        let exchange = client.conversation.receive(Array(message.utf8), context: context)
        #expect(exchange.era == .legacy)
        #expect(client.conversation.negotiatedRevision == .november2025)
    }

    @Test(
        "decide the status of an answer",
        arguments: [
            ("{", [], 400),
            ("7", [], 400),
            (Message.legacy("ping"), [], 200),
            (Message.legacy("no/such"), [], 200),
            (Message.legacy("tools/call", #"{"name":"nope"}"#), [], 200),
            (Message.legacy("server/discover"), [], 400),
            (call, right, 200),
            (Message.modern("ping"), [right[0], ("mcp-method", "ping")], 404),
            (Message.modern("tools/call", #""name":"echo","arguments":3"#), right, 400),
            (#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, [], 202),
            (#"{"jsonrpc":"2.0","method":"anything"}"#, [right[0]], 202),
            (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, [], 202),
            (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, [right[0]], 400),
        ] as [(String, Fields, Int)])
    func status(message: String, fields: Fields, expected: Int) async {
        #expect(await TestClient().status(of: message, headers: fields) == expected)
    }
}
