import MCP
import Testing

@Suite("Batches")
struct BatchTests {
    private static let pings =
        "[\(Message.legacy("ping", id: "20")),\(Message.legacy("ping", id: "21"))]"

    @Test("are answered in one array by those revisions that have them")
    func march() async {
        let client = TestClient()
        await client.initialize(.march2025)
        #expect(
            await client.answer(to: BatchTests.pings)
                == #"[{"jsonrpc":"2.0","id":20,"result":{}},{"jsonrpc":"2.0","id":21,"result":{}}]"#
        )
    }

    @Test("are answered before there was any initialize")
    func unknownRevision() async throws {
        #expect(try await TestClient().json(of: BatchTests.pings).array?.count == 2)
    }

    @Test(
        "are refused whole by the other revisions",
        arguments: [ProtocolRevision.november2024, .june2025, .november2025])
    func refused(revision: ProtocolRevision) async throws {
        let client = TestClient()
        await client.initialize(revision)
        let json = try await client.json(of: BatchTests.pings)
        #expect(json["error"]?["code"] == -32600)
        #expect(json["id"] == .null)
    }

    @Test(
        "are refused over HTTP with a header of another revision",
        arguments: ["2025-06-18", "2026-07-28", "2099-01-01"])
    func refusedByHeader(version: String) async {
        let headers = [(name: "MCP-Protocol-Version", value: version)]
        #expect(await TestClient().status(of: BatchTests.pings, headers: headers) == 400)
    }

    @Test("must not hold an initialize")
    func initialize() async throws {
        let initialize = Message.legacy("initialize", #"{"protocolVersion":"2025-03-26"}"#)
        let json = try await TestClient().json(of: "[\(initialize)]")
        #expect(json["error"]?["code"] == -32600)
    }

    @Test("hold as many messages as the limit and not one more")
    func limit() async throws {
        let client = TestClient(limits: ConversationLimits(batchCountMax: 2))
        #expect(try await client.json(of: BatchTests.pings).array?.count == 2)
        let three = "[1,2,3]"
        #expect(try await client.json(of: three)["error"]?["code"] == -32600)
    }

    @Test("answer each message by itself, and calls in the order asked")
    func mixed() async throws {
        let messages = [
            Message.legacy("tools/call", #"{"name":"run_js","arguments":{"code":"3"}}"#, id: "1"),
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "7",
            Message.legacy("no/such", id: "2"),
            Message.modern("tools/list", id: "3"),
            Message.legacy("ping", id: "4"),
        ]
        let json = try await TestClient(tools: [.three]).json(
            of: "[\(messages.joined(separator: ","))]")
        let answers = try #require(json.array)
        #expect(answers.map { $0["id"]?.text } == ["1", "null", "2", "3", "4"])
        #expect(
            answers.map { $0["error"]?["code"]?.integer } == [nil, -32600, -32601, -32600, nil])
    }
}
