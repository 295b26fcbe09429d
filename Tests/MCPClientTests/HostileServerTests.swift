import MCP
import Synchronization
import Testing

@testable import MCPClient

/// What a server does that it must not.
@Suite("A server that misbehaves", .timeLimit(.minutes(1)))
struct HostileServerTests {
    /// Nonsense that is written before a right answer, which must still be found.
    static let nonsense: [String] = [
        "this is a log line", "{", "[]", "17", "null", #"{"jsonrpc":"1.0","id":1,"result":{}}"#,
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#,
        #"{"jsonrpc":"2.0","id":999,"result":{}}"#, #"{"jsonrpc":"2.0","id":"3","result":{}}"#,
        #"{"jsonrpc":"2.0","id":1.5,"result":{}}"#, #"{"jsonrpc":"2.0","method":7}"#,
        #"{"jsonrpc":"2.0","id":{},"method":"x"}"#, #"{"jsonrpc":"2.0"}"#, "\u{FEFF}",
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"?"}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/unheard-of","params":[1]}"#,
        String(repeating: "[", count: 100_000),
    ]

    @Test("between its messages is listened to all the same", arguments: nonsense)
    func tolerated(_ line: String) async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard message["method"] == "tools/call" else { return [] }
                return [.write(line), Scripts.text(message, "right")]
            })
        #expect(try await server.text() == "right")
        await server.connection.stop()
    }

    /// Answers that are none, by the members that follow the id.
    static let badAnswers: [String] = [
        #""result":[]"#, #""result":null"#, #""result":"text""#, #""result":{},"error":{"code":1}"#,
        #""error":{}"#, #""error":"text""#, #""error":{"code":"1","message":"m"}"#,
        #""error":{"code":1}"#, #""neither":1"#,
    ]

    @Test("in an answer fails the call it belongs to", arguments: badAnswers)
    func badAnswer(_ members: String) async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard let id = message["id"] else { return [] }
                return [.write(#"{"jsonrpc":"2.0","id":\#(id.text),\#(members)}"#)]
            })
        let failure = await server.failure()
        #expect(failure?.kind == .protocolError)
        await server.connection.stop()
    }

    @Test("by answering twice hurts nobody")
    func twice() async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard message["method"] == "tools/call" else { return [] }
                let name = message["params"]?["name"]?.string ?? ""
                return [Scripts.text(message, name), Scripts.text(message, "again")]
            })
        #expect(try await server.text("one") == "one")
        #expect(try await server.text("two") == "two")
        await server.connection.stop()
    }

    @Test("with an endless flood of nonsense is ended")
    func flood() async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard message["method"] == "tools/call" else { return [] }
                return Array(repeating: .write("nonsense"), count: 2_000)
            })
        let failure = await server.failure()
        #expect(failure?.kind == .protocolError)
        #expect(failure?.message.contains("mean nothing") == true)
        await server.connection.stop()
    }

    @Test("with an answer that is too large fails that call only", arguments: ["first", "last"])
    func tooLarge(_ place: String) async throws {
        var limits = UpstreamLimits()
        limits.message.byteCountMax = 10_000
        let server = ScriptedConnection(
            limits: limits,
            script: Scripts.legacy { message in
                guard let id = message["id"] else { return [] }
                guard message["params"]?["name"] == "large" else {
                    return [Scripts.text(message, "small")]
                }
                let result =
                    #""result":{"id":77,"text":"\#(String(repeating: "x", count: 50_000))"}"#
                let first = #"{"jsonrpc":"2.0","id":\#(id.text),\#(result)}"#
                let last = #"{"jsonrpc":"2.0",\#(result),"id":\#(id.text)}"#
                return [.write(place == "first" ? first : last)]
            })
        let failure = await server.failure("large")
        #expect(failure?.kind == .tooLarge)
        #expect(failure?.delivery == .possiblySent)
        #expect(try await server.text("small") == "small")
        await server.connection.stop()
    }

    @Test("with an answer that is too deep fails that call only")
    func tooDeep() async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard let id = message["id"] else { return [] }
                guard message["params"]?["name"] == "deep" else {
                    return [Scripts.text(message, "flat")]
                }
                let deep =
                    String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
                return [.write(#"{"jsonrpc":"2.0","id":\#(id.text),"result":{"a":\#(deep)}}"#)]
            })
        #expect(await server.failure("deep")?.kind == .tooLarge)
        #expect(try await server.text("flat") == "flat")
        await server.connection.stop()
    }

    @Test(
        "by asking of us what it may not is refused",
        arguments: [
            "elicitation/create", "sampling/createMessage", "made/up",
        ])
    func requests(_ method: String) async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                if message["error"]?["code"] == -32601 || message["method"] == "done" {
                    return [.json(["jsonrpc": "2.0", "id": 3, "result": ["refused": true]])]
                }
                guard message["method"] == "tools/call" else { return [] }
                return [.json(["jsonrpc": "2.0", "id": "q", "method": .string(method)])]
            })
        let result = try await server.connection.call(tool: "t", arguments: [:])
        #expect(result["refused"] == true)
        await server.connection.stop()
    }

    @Test("or not, may ask for a ping and the roots")
    func politeRequests() async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                if message["id"] == "r" {
                    return [.json(["jsonrpc": "2.0", "id": 3, "result": message["result"] ?? 0])]
                }
                if message["id"] == "p", message["result"] == [:] {
                    return [.json(["jsonrpc": "2.0", "id": "r", "method": "roots/list"])]
                }
                guard message["method"] == "tools/call" else { return [] }
                return [.json(["jsonrpc": "2.0", "id": "p", "method": "ping"])]
            })
        let result = try await server.connection.call(tool: "t", arguments: [:])
        #expect(result["roots"] == [])
        await server.connection.stop()
    }

    @Test("by listing pages in a circle is caught")
    func circle() async throws {
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard message["method"] == "tools/list" else { return [] }
                return [Scripts.result(message, ["tools": [], "nextCursor": "again"])]
            })
        await #expect(throws: UpstreamError.self) { try await server.connection.tools() }
        await server.connection.stop()
    }

    @Test("by listing without end is stopped")
    func endlessList() async throws {
        let count = Mutex(0)
        var limits = UpstreamLimits()
        limits.entryCountMax = 10
        let server = ScriptedConnection(
            limits: limits,
            script: Scripts.legacy { message in
                guard message["method"] == "tools/list" else { return [] }
                let page = count.withLock { count in
                    count += 1
                    return count
                }
                return [
                    Scripts.result(
                        message,
                        ["tools": [["name": "t\(page)"]], "nextCursor": "\(page)"])
                ]
            })
        let failure = await Result { () async throws(UpstreamError) in
            try await server.connection.tools()
        }
        guard case .failure(let error) = failure else {
            Issue.record("the list has an end")
            return
        }
        #expect(error.kind == .tooLarge)
        #expect(count.withLock { $0 } == 11)
        await server.connection.stop()
    }

    @Test("does not get secrets back out of its errors")
    func secrets() async throws {
        let server = ScriptedConnection(
            secrets: ["Bearer sesame-sesame"],
            script: Scripts.legacy { message in
                message["method"] == "tools/call"
                    ? [Scripts.error(message, -32603, "no entry with sesame-sesame")] : []
            })
        #expect(await server.failure()?.message == "no entry with [secret]")
        await server.connection.stop()
    }
}
