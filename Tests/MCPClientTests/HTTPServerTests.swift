import MCP
import Synchronization
import Testing

@testable import MCPClient

@Suite("A server over Streamable HTTP", .timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test("of the newer era is told in headers what the body says")
    func modern() async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { .text($0, "hello") })
        _ = try await upstream.connection.call(tool: "größe", arguments: [:])
        let headers = try #require(upstream.server.requests.last?.headers)
        #expect(headers["MCP-Protocol-Version"] == ["2026-07-28"])
        #expect(headers["Mcp-Method"] == ["tools/call"])
        #expect(headers["Mcp-Name"] == ["=?base64?Z3LDtsOfZQ==?="])
        #expect(headers["Mcp-Session-Id"] == [])
        await upstream.connection.stop()
        #expect(upstream.server.methods == ["server/discover", "tools/call"])
    }

    @Test("of the older era gets its session back, and a farewell")
    func legacy() async throws {
        let upstream = ScriptedHTTPConnection(
            headers: ["X-Tenant": "acme"],
            script: ScriptedHTTPConnection.legacy { .text($0, "hello") })
        #expect(try await upstream.text() == "hello")
        let headers = try #require(upstream.server.requests.last?.headers)
        #expect(headers["Mcp-Session-Id"] == ["s1"])
        #expect(headers["MCP-Protocol-Version"] == ["2025-06-18"])
        #expect(headers["X-Tenant"] == ["acme"])
        await upstream.connection.stop()
        #expect(
            upstream.server.methods == [
                "server/discover", "initialize", "notifications/initialized", "tools/call",
                "DELETE",
            ])
    }

    @Test("may answer with a stream of events, cut anywhere", arguments: ["\n", "\r\n", "\r"])
    func events(_ lineBreak: String) async throws {
        let progress = Mutex<[String]>([])
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { request in
                let id = request.json["id"]?.text ?? ""
                let lines = [
                    ": comment", "id: 1", "data:", "", "event: message",
                    #"data: {"jsonrpc":"2.0","method":"notifications/progress","params":"#
                        + #"{"progressToken":\#(id),"progress":1,"message":"half"}}"#,
                    "", "event: other", "data: {", "", #"data: {"jsonrpc":"2.0","id":\#(id),"#,
                    #"data: "result":{"content":[{"type":"text","text":"whole"}]}}"#, "", "",
                ]
                let text = lines.joined(separator: lineBreak)
                return .events(text.map(String.init))
            })
        let options = CallOptions(onProgress: { news in
            progress.withLock { $0.append(news.message ?? "") }
        })
        let result = try await upstream.connection.call(
            tool: "t", arguments: [:], options: options)
        #expect(result["content"]?.array?.first?["text"] == "whole")
        #expect(progress.withLock { $0 } == ["half"])
        await upstream.connection.stop()
    }

    @Test("that forgot the session gets a new handshake, and the call once more")
    func forgotten() async throws {
        let sessions = Mutex(0)
        let upstream = ScriptedHTTPConnection(era: .legacy) { request in
            switch request.json["method"]?.string {
            case "initialize"?:
                let session = sessions.withLock { count in
                    count += 1
                    return "s\(count)"
                }
                return .result(
                    request, ["protocolVersion": "2025-11-25"], ["Mcp-Session-Id": session])
            case "tools/call"? where request.headers["Mcp-Session-Id"] == ["s1"]:
                return .status(404)
            case "tools/call"?: return .text(request, "hello")
            default: return .status(202)
            }
        }
        #expect(try await upstream.text() == "hello")
        #expect(upstream.server.methods.filter { $0 == "tools/call" }.count == 2)
        await upstream.connection.stop()
    }

    @Test("whose connection breaks is not asked again")
    func broken() async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.legacy { request in
                request.method == "DELETE" ? .status(200) : .fault(.broken("reset"))
            })
        let failure = await upstream.failure()
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .possiblySent)
        #expect(upstream.server.methods.filter { $0 == "tools/call" }.count == 1)
        await upstream.connection.stop()
    }

    @Test("that cannot be reached has certainly seen nothing")
    func unreachable() async throws {
        let upstream = ScriptedHTTPConnection { _ in .fault(.noConnection("connection refused")) }
        let failure = await upstream.failure()
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .notSent)
        #expect(failure?.retry == .sensible)
        await upstream.connection.stop()
    }

    @Test("that wants credentials says what to do", arguments: [401, 403])
    func access(_ status: Int) async throws {
        let upstream = ScriptedHTTPConnection { _ in .status(status) }
        let failure = await upstream.failure()
        #expect(failure?.kind == .unavailable)
        #expect(failure?.retry == .pointless)
        #expect(failure?.message.contains("\(status)") == true)
        #expect(upstream.server.methods == ["server/discover"])
        await upstream.connection.stop()
    }

    @Test("that speaks the transport of 2024 is refused with a word on why")
    func oldTransport() async throws {
        let upstream = ScriptedHTTPConnection { request in
            request.method == "GET"
                ? .reply(200, ["Content-Type": "text/event-stream"], ["event: endpoint\n"])
                : .status(405)
        }
        let failure = await upstream.failure()
        #expect(failure?.kind == .unavailable)
        #expect(failure?.message.contains("HTTP+SSE") == true)
        await upstream.connection.stop()
    }

    @Test("may move on its own origin, and no further")
    func redirects() async throws {
        let upstream = ScriptedHTTPConnection(
            script: { request in
                guard request.url.hasSuffix("/new") else {
                    return .status(307, ["Location": "/new"])
                }
                return ScriptedHTTPConnection.modern { .text($0, "moved") }(request)
            })
        #expect(try await upstream.text() == "moved")
        await upstream.connection.stop()
        let other = ScriptedHTTPConnection(headers: ["Authorization": "Bearer secret-secret"]) {
            _ in .status(308, ["Location": "https://elsewhere.test/mcp?q=secret-secret"])
        }
        let failure = await other.failure()
        #expect(failure?.message.contains("https://elsewhere.test,") == true)
        #expect(!(failure?.message.contains("secret") ?? true))
        #expect(other.server.requests.allSatisfy { $0.url == "http://example.test/mcp" })
        await other.connection.stop()
    }

    @Test("that is asked too often says when to come again")
    func busy() async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { _ in .status(429, ["Retry-After": "7"]) })
        let failure = await upstream.failure()
        #expect(failure?.kind == .limit)
        #expect(failure?.delivery == .notSent)
        #expect(failure?.details["retryAfterMs"] == 7_000)
        await upstream.connection.stop()
    }

    /// Answers that are none.
    static let badAnswers: [ScriptedHTTP.Answer] = [
        .status(200), .status(202), .reply(200, ["Content-Type": "text/html"], ["<p>"]),
        .reply(200, ["Content-Type": "application/json"], ["{"]),
        .reply(200, ["Content-Type": "application/json"], ["[]"]),
        .reply(
            200, ["Content-Type": "application/json"],
            [#"{"jsonrpc":"2.0","id":99,"result":{}}"#]),
        .events(["data: {\n\n"]), .status(418),
    ]

    @Test("that answers nonsense fails the call", arguments: badAnswers.indices)
    func nonsense(_ index: Int) async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { _ in Self.badAnswers[index] })
        #expect(await upstream.failure()?.kind == .protocolError)
        await upstream.connection.stop()
    }

    @Test(
        "may not answer more than is taken", arguments: ["application/json", "text/event-stream"])
    func tooLarge(_ type: String) async throws {
        var limits = UpstreamLimits()
        limits.message.byteCountMax = 1_000
        let upstream = ScriptedHTTPConnection(
            limits: limits,
            script: ScriptedHTTPConnection.modern { _ in
                .reply(
                    200, ["Content-Type": type],
                    ["data: "] + Array(repeating: String(repeating: "x", count: 100), count: 20))
            })
        #expect(await upstream.failure()?.kind == .tooLarge)
        await upstream.connection.stop()
    }

    @Test("of the older era may break a stream off, and go on with it")
    func resumed() async throws {
        let asked = Mutex("")
        let upstream = ScriptedHTTPConnection(
            timing: WaitedTime().timing,
            script: ScriptedHTTPConnection.legacy { request in
                switch request.method {
                case "POST":
                    asked.withLock { $0 = request.json["id"]?.text ?? "" }
                    return .events(["id: e7\nretry: 1\ndata:\n\n"])
                case "GET":
                    let event = request.headers.first(name: "Last-Event-ID") ?? "none"
                    let content = #"[{"type":"text","text":"\#(event)"}]"#
                    let id = asked.withLock { $0 }
                    return .events([
                        #"data: {"jsonrpc":"2.0","id":\#(id),"result":{"content":\#(content)}}"#,
                        "\n\n",
                    ])
                default: return .status(200)
                }
            })
        #expect(try await upstream.text() == "e7")
        await upstream.connection.stop()
    }

    @Test("of the newer era whose stream breaks off has failed")
    func cut() async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { _ in .events(["id: e7\ndata:\n\n"]) })
        let failure = await upstream.failure()
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .possiblySent)
        await upstream.connection.stop()
    }

    @Test("gets no second chance for a call that takes too long")
    func timeout() async throws {
        let time = WaitedTime(longest: .seconds(10))
        let upstream = ScriptedHTTPConnection(
            era: .modern, timing: time.timing,
            script: ScriptedHTTPConnection.modern { _ in .silence })
        let result = await Result { () async throws(UpstreamError) in
            try await upstream.connection.call(
                tool: "t", arguments: [:], options: CallOptions(timeout: .seconds(5)))
        }
        guard case .failure(let error) = result else {
            Issue.record("an answer out of nothing")
            return
        }
        #expect(error.kind == .timeout)
        #expect(error.delivery == .possiblySent)
        await upstream.connection.stop()
    }

    @Test("of the newer era may ask for input, which is answered where there is somebody")
    func input() async throws {
        let upstream = ScriptedHTTPConnection(
            script: ScriptedHTTPConnection.modern { request in
                .result(
                    request,
                    [
                        "resultType": "input_required", "requestState": "x",
                        "inputRequests": ["a": ["method": "elicitation/create", "params": [:]]],
                    ])
            })
        let failure = await upstream.failure()
        #expect(failure?.kind == .protocolError)
        #expect(failure?.message.contains("input") == true)
        await upstream.connection.stop()
    }
}
