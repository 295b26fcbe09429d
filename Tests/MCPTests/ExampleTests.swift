import MCP
import Testing

/// The exchanges that the specification shows, byte for byte.
@Suite("Examples")
struct ExampleTests {
    @Test("modern: discover")
    func discover() async {
        let request = """
            {"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{\
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",\
            "io.modelcontextprotocol/clientInfo":{"name":"mcp","version":"0.1.0"},\
            "io.modelcontextprotocol/clientCapabilities":{}}}}
            """
        let answer = """
            {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":\
            ["2026-07-28"],"capabilities":{"tools":{}},"instructions":"Be kind.",\
            "ttlMs":300000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":\
            {"name":"js","version":"0.1.0"}}}}
            """
        #expect(await TestClient(implementation: .small).answer(to: request) == answer)
    }

    @Test("modern: list")
    func list() async {
        let client = TestClient(tools: [.three], implementation: .small)
        let answer = """
            {"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","tools":[{"name":"run_js",\
            "title":"Run","description":"Reports and answers 3.","inputSchema":{"type":"object",\
            "properties":{"code":{"type":"string","description":"JavaScript source."}},\
            "required":["code"],"additionalProperties":false},"annotations":{\
            "readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,\
            "openWorldHint":false}}],"ttlMs":300000,"cacheScope":"public","_meta":{\
            "io.modelcontextprotocol/serverInfo":{"name":"js","version":"0.1.0"}}}}
            """
        #expect(await client.answer(to: Message.modern("tools/list", id: "2")) == answer)
    }

    @Test("modern: call with progress")
    func call() async {
        let client = TestClient(tools: [.three], implementation: .small)
        let recorder = Recorder()
        let request = Message.modern(
            "tools/call", #""name":"run_js","arguments":{"code":"1 + 2"}"#, id: "3",
            meta: Message.meta + #","progressToken":3"#)
        let answer = #"""
            {"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","content":[{"type":"text",\#
            "text":"{\"result\":3}"}],"structuredContent":{"result":3},"isError":false,\#
            "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"js","version":"0.1.0"}}}}
            """#
        #expect(await client.answer(to: request, recorder: recorder) == answer)
        #expect(
            recorder.all == [
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"#
                    + #""progress":1,"message":"1 s"}}"#
            ])
    }

    @Test("legacy: initialize")
    func initialize() async {
        let request = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":\
            "2025-11-25","capabilities":{},"clientInfo":{"name":"mcp","version":"0.1.0"}}}
            """
        let answer = """
            {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":\
            {"tools":{}},"serverInfo":{"name":"js","title":"JavaScript (V8)","version":"0.1.0"},\
            "instructions":"Be kind."}}
            """
        #expect(await TestClient(implementation: .titled).answer(to: request) == answer)
    }

    @Test("legacy: ping without parameters")
    func ping() async {
        let answer = await TestClient().answer(to: #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        #expect(answer == #"{"jsonrpc":"2.0","id":2,"result":{}}"#)
    }

    @Test("legacy: a call that throws")
    func failure() async {
        let client = TestClient(tools: [.failing])
        await client.initialize(.november2025)
        let request = Message.legacy(
            "tools/call", #"{"name":"run_js","arguments":{"code":"throw new Error('boom')"}}"#,
            id: "3")
        let answer = #"""
            {"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":\#
            "Error: boom\n    at <run_js>:1:7"}],"isError":true}}
            """#
        #expect(await client.answer(to: request) == answer)
    }

    @Test(
        "errors",
        arguments: [
            (
                Message.legacy("tools/call", #"{"name":"no_such_tool"}"#, id: "5"),
                #""id":5,"error":{"code":-32602,"message":"Unknown tool: no_such_tool"}"#
            ),
            (
                Message.modern(
                    "tools/list", id: "6",
                    meta: #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#),
                #""id":6,"error":{"code":-32602,"message":"Missing required _meta field: "#
                    + #"io.modelcontextprotocol/clientCapabilities"}"#
            ),
            (
                Message.modern("ping", id: "10"),
                #""id":10,"error":{"code":-32601,"message":"Method not found: ping"}"#
            ),
            (
                "{\"jsonrpc\"",
                #""id":null,"error":{"code":-32700,"message":"Parse error","#
                    + #""data":"unexpected end at byte 10"}"#
            ),
        ])
    func errors(message: String, expected: String) async {
        #expect(await TestClient().answer(to: message) == #"{"jsonrpc":"2.0",\#(expected)}"#)
    }
}
