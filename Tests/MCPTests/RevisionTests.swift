import MCP
import Testing

@Suite("Revisions")
struct RevisionTests {
    @Test(
        "initialize echoes a legacy revision and answers all else with the newest",
        arguments: [
            ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"), ("2024-01-01", "2025-11-25"), ("", "2025-11-25"),
        ])
    func negotiation(requested: String, expected: String) async throws {
        let message = Message.legacy("initialize", #"{"protocolVersion":"\#(requested)"}"#)
        let result = try await TestClient().json(of: message)["result"]
        #expect(result?["protocolVersion"]?.string == expected)
        #expect(result?["resultType"] == nil)
        #expect(result?["ttlMs"] == nil)
    }

    @Test("the last initialize on a stream decides")
    func renegotiation() async throws {
        let client = TestClient()
        await client.initialize(.november2025)
        await client.initialize(.november2024)
        #expect(client.conversation.negotiatedRevision == .november2024)
    }

    @Test(
        "serverInfo has what the revision knows",
        arguments: [
            (ProtocolRevision.november2024, ["name", "version"]),
            (.march2025, ["name", "version"]),
            (.june2025, ["name", "title", "version"]),
            (.november2025, ["name", "title", "version", "description", "websiteUrl"]),
        ])
    func serverInfo(revision: ProtocolRevision, expected: [String]) async throws {
        let message = Message.legacy(
            "initialize", #"{"protocolVersion":"\#(revision.rawValue)"}"#)
        let info = try await TestClient().json(of: message)["result"]?["serverInfo"]
        #expect(info?.object?.members.map(\.key) == expected)
    }

    @Test(
        "a listed tool has what the revision knows",
        arguments: [
            (ProtocolRevision.november2024, ["name", "description", "inputSchema"]),
            (.march2025, ["name", "description", "inputSchema", "annotations"]),
            (
                .june2025,
                ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]
            ),
            (
                .november2025,
                ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]
            ),
            (
                .july2026,
                ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]
            ),
        ])
    func toolFields(revision: ProtocolRevision, expected: [String]) async throws {
        let client = TestClient()
        await client.initialize(revision)
        let json = try await client.json(of: Message.request("tools/list", for: revision))
        let tool = json["result"]?["tools"]?.array?.first
        #expect(tool?.object?.members.map(\.key) == expected)
    }

    @Test(
        "a call's result has what the revision knows",
        arguments: [
            (ProtocolRevision.november2024, ["content", "isError"]),
            (.march2025, ["content", "isError"]),
            (.june2025, ["content", "structuredContent", "isError"]),
            (.november2025, ["content", "structuredContent", "isError"]),
            (.july2026, ["resultType", "content", "structuredContent", "isError", "_meta"]),
        ])
    func resultFields(revision: ProtocolRevision, expected: [String]) async throws {
        let client = TestClient()
        await client.initialize(revision)
        let call = Message.request(
            "tools/call", #""name":"echo","arguments":{"text":"x"}"#, for: revision)
        let json = try await client.json(of: call)
        #expect(json["result"]?.object?.members.map(\.key) == expected)
    }

    @Test("a client that never said its revision is taken for one of March 2025")
    func assumed() async throws {
        let json = try await TestClient().json(of: Message.legacy("tools/list"))
        let tool = json["result"]?["tools"]?.array?.first
        #expect(tool?["annotations"] != nil)
        #expect(tool?["title"] == nil)
    }

    @Test("modern lists may be kept, calls may not")
    func caching() async throws {
        let client = TestClient()
        let list = try await client.json(of: Message.modern("tools/list"))["result"]
        #expect(list?["ttlMs"] == 300_000)
        #expect(list?["cacheScope"] == "public")
        let call = Message.modern("tools/call", #""name":"echo","arguments":{"text":"x"}"#)
        #expect(try await client.json(of: call)["result"]?["ttlMs"] == nil)
    }
}
