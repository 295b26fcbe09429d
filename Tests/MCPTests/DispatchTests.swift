import MCP
import Testing

@Suite("Dispatch")
struct DispatchTests {
    @Test(
        "messages that cannot be served get an error",
        arguments: [
            ("{", -32700, "null"),
            ("[]", -32600, "null"),
            ("1", -32600, "null"),
            ("\"ping\"", -32600, "null"),
            (#"{"id":1,"method":"ping"}"#, -32600, "1"),
            (#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, -32600, "\"a\""),
            (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":1e2,"method":"ping"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":7}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":7,"method":5}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}"#, -32602, "7"),
            (Message.legacy("no/such"), -32601, "1"),
            (Message.legacy("resources/read"), -32601, "1"),
            (Message.legacy("prompts/get"), -32601, "1"),
            (Message.legacy("resources/list", #"{"cursor":"x"}"#), -32602, "1"),
            (Message.legacy("logging/setLevel", #"{"level":"info"}"#), -32601, "1"),
            (Message.legacy("completion/complete"), -32601, "1"),
            (Message.legacy("tasks/list"), -32601, "1"),
            (Message.legacy("initialize"), -32602, "1"),
            (Message.legacy("initialize", #"{"protocolVersion":7}"#), -32602, "1"),
            (Message.legacy("tools/list", #"{"cursor":"x"}"#), -32602, "1"),
            (Message.legacy("tools/call"), -32602, "1"),
            (Message.legacy("tools/call", #"{"name":3}"#), -32602, "1"),
            (Message.legacy("tools/call", #"{"name":"nope"}"#), -32602, "1"),
            (Message.legacy("tools/call", #"{"name":"echo","arguments":[1]}"#), -32602, "1"),
            (Message.legacy("tools/call", #"{"name":"echo","arguments":"x"}"#), -32602, "1"),
            (Message.legacy("server/discover"), -32602, "1"),
            (Message.modern("initialize", #""protocolVersion":"2025-11-25""#), -32601, "1"),
            (Message.modern("ping"), -32601, "1"),
            (Message.modern("logging/setLevel"), -32601, "1"),
            (Message.modern("resources/subscribe"), -32601, "1"),
            (Message.modern("resources/unsubscribe"), -32601, "1"),
            (Message.modern("subscriptions/listen"), -32601, "1"),
            (Message.modern("tasks/list"), -32601, "1"),
            (Message.modern("tasks/result"), -32601, "1"),
            (Message.modern("tools/list", #""cursor":5"#), -32602, "1"),
            (Message.modern("tools/call", #""name":"nope""#), -32602, "1"),
        ])
    func errors(message: String, code: Int, id: String) async throws {
        let json = try await TestClient().json(of: message)
        #expect(json["error"]?["code"]?.integer == code)
        #expect(json["id"]?.text == id)
        #expect(json["result"] == nil)
    }

    @Test(
        "a modern request must say what it speaks",
        arguments: [
            ("", "protocolVersion, io.modelcontextprotocol/clientCapabilities"),
            (#""io.modelcontextprotocol/clientCapabilities":{}"#, "protocolVersion"),
            (
                #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#, "clientCapabilities"
            ),
            (
                #""io.modelcontextprotocol/protocolVersion":7,"#
                    + #""io.modelcontextprotocol/clientCapabilities":{}"#, "protocolVersion"
            ),
            (
                #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
                    + #""io.modelcontextprotocol/clientCapabilities":[1]"#, "clientCapabilities"
            ),
        ])
    func missingMeta(meta: String, missing: String) async throws {
        let json = try await TestClient().json(of: Message.modern("server/discover", meta: meta))
        #expect(json["error"]?["code"] == -32602)
        let text = "Missing required _meta field: io.modelcontextprotocol/\(missing)"
        #expect(json["error"]?["message"]?.string == text)
    }

    @Test(
        "an unknown modern revision is refused with those that are served",
        arguments: ["2099-01-01", "2025-11-25", ""])
    func unsupportedVersion(version: String) async {
        let meta =
            #""io.modelcontextprotocol/protocolVersion":"\#(version)","#
            + #""io.modelcontextprotocol/clientCapabilities":{}"#
        let answer = await TestClient().answer(to: Message.modern("tools/list", meta: meta))
        #expect(
            answer == #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"Unsupported "#
                + #"protocol version","data":{"supported":["2026-07-28"],"#
                + #""requested":"\#(version)"}}}"#)
    }

    @Test(
        "notifications and answers are never answered",
        arguments: [
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#,
            #"{"jsonrpc":"2.0","method":"no/such"}"#,
            #"{"jsonrpc":"2.0","method":"ping","params":7}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
            #"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            #"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#,
        ])
    func silence(message: String) async {
        #expect(await TestClient().answer(to: message) == nil)
    }

    @Test(
        "an id comes back with its type and every digit",
        arguments: [
            "0", "-1", "9007199254740993", "123456789012345678901234567890", "\"\"", "\"1\"",
            "\"é😀\\n\"",
        ])
    func echoesID(id: String) async {
        let answer = await TestClient().answer(to: Message.legacy("ping", id: id))
        #expect(answer == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
    }

    @Test("null parameters and unknown members are nothing")
    func lenient() async {
        let text = #"{"jsonrpc":"2.0","id":1,"method":"ping","params":null,"extra":[1]}"#
        #expect(await TestClient().answer(to: text) == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    }

    @Test("requests of both eras may follow one another on one stream")
    func neverPinsEra() async throws {
        let client = TestClient()
        let requests = [
            Message.modern("server/discover"),
            Message.legacy("initialize", #"{"protocolVersion":"2025-06-18"}"#),
            Message.modern("tools/list"), Message.legacy("tools/list"), Message.legacy("ping"),
        ]
        var kinds: [String?] = []
        for request in requests {
            kinds.append(try await client.json(of: request)["result"]?["resultType"]?.string)
        }
        #expect(kinds == ["complete", nil, "complete", nil, nil])
    }

    @Test("a second request with the id of one in flight is refused, and the first goes on")
    func duplicateID() async throws {
        let began = Signal()
        let client = TestClient(tools: [.endless(began: began)])
        let call = Message.legacy("tools/call", #"{"name":"endless"}"#, id: "5")
        async let first = client.answer(to: call)
        await began.wait()
        for duplicate in [call, Message.legacy("ping", id: "5")] {
            #expect(try await client.json(of: duplicate)["error"]?["code"] == -32600)
        }
        #expect(try await client.json(of: Message.legacy("ping", id: "\"5\""))["result"] == [:])
        _ = await client.answer(to: Message.cancel("5"))
        #expect(await first == nil)
    }

    @Test("an id may be used again after its call was answered")
    func reusesID() async throws {
        let client = TestClient(tools: [.three])
        let call = Message.legacy(
            "tools/call", #"{"name":"run_js","arguments":{"code":"3"}}"#, id: "5")
        #expect(try await client.json(of: call)["result"] != nil)
        #expect(try await client.json(of: call)["result"] != nil)
    }

    @Test("one call more than the limit is told that the server is busy; ping gets through")
    func busy() async throws {
        let began = Signal()
        let client = TestClient(
            tools: [.endless(began: began)], limits: ConversationLimits(callsInFlightMax: 1))
        async let first = client.answer(to: Message.legacy("tools/call", #"{"name":"endless"}"#))
        await began.wait()
        let second = try await client.json(
            of: Message.legacy("tools/call", #"{"name":"endless"}"#, id: "2"))
        #expect(second["result"]?["isError"] == true)
        let text = second["result"]?["content"]?.array?.first?["text"]?.string
        #expect(text?.hasPrefix("Busy: 1 calls are running already.") == true)
        #expect(try await client.json(of: Message.legacy("ping", id: "3"))["result"] == [:])
        client.conversation.cancelCalls()
        #expect(await first == nil)
    }
}
