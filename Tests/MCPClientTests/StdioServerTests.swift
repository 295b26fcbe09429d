import MCP
import Synchronization
import Testing

@testable import MCPClient

@Suite("A server over stdio", .timeLimit(.minutes(1)))
struct StdioServerTests {
    @Test("is spoken to in the newer era, if it knows that")
    func modern() async throws {
        let server = ScriptedConnection(
            script: Scripts.modern { message in
                let meta = message["params"]?["_meta"]
                return [
                    Scripts.text(
                        message,
                        meta?["io.modelcontextprotocol/protocolVersion"]?.string ?? "nothing")
                ]
            })
        #expect(try await server.text() == "2026-07-28")
        #expect(server.connection.greeting?.revision == .july2026)
        await server.connection.stop()
    }

    @Test("is spoken to in the older era, if it refuses the newer one")
    func legacy() async throws {
        let methods = Mutex<[String]>([])
        let server = ScriptedConnection { message in
            methods.withLock { $0.append(message["method"]?.string ?? "") }
            return Scripts.legacy { [Scripts.text($0, "hello")] }(message)
        }
        #expect(try await server.text() == "hello")
        #expect(
            methods.withLock { $0 }
                == [
                    "server/discover", "initialize", "notifications/initialized", "tools/call",
                ])
        await server.connection.stop()
    }

    @Test("that ends at the newer era's question is started again for the older one's")
    func restart() async throws {
        let server = ScriptedConnection { message in
            if message["method"] == "server/discover" { return [.end] }
            return Scripts.legacy { [Scripts.text($0, "hello")] }(message)
        }
        #expect(try await server.text() == "hello")
        #expect(server.servers.all.count == 2)
        await server.connection.stop()
    }

    @Test("that leaves the newer era's question unanswered is asked the older one's")
    func silence() async throws {
        let server = ScriptedConnection(timing: WaitedTime().timing) { message in
            if message["method"] == "server/discover" { return [] }
            return Scripts.legacy { [Scripts.text($0, "hello")] }(message)
        }
        #expect(try await server.text() == "hello")
        let methods = await server.servers.all[0].received.prefix(3).reduce(into: [String]()) {
            $0.append($1["method"]?.string ?? "")
        }
        #expect(methods == ["server/discover", "notifications/cancelled", "initialize"])
        await server.connection.stop()
    }

    @Test("may answer in any order")
    func order() async throws {
        let first = Mutex<JSON?>(nil)
        let server = ScriptedConnection(
            script: Scripts.legacy { message in
                guard message["method"] == "tools/call" else { return [] }
                let name = { (call: JSON) in call["params"]?["name"]?.string ?? "" }
                return first.withLock { held in
                    guard let other = held else {
                        held = message
                        return []
                    }
                    return [
                        Scripts.text(message, name(message)), Scripts.text(other, name(other)),
                    ]
                }
            })
        async let one = server.text("one")
        async let two = server.text("two")
        #expect(try await [one, two] == ["one", "two"])
        await server.connection.stop()
    }

    @Test("tells of progress, and of tools that changed")
    func notices() async throws {
        let news = Mutex<[UpstreamProgress]>([])
        let events = Mutex<[UpstreamEvent]>([])
        let server = ScriptedConnection(
            onEvent: { event in events.withLock { $0.append(event) } },
            script: Scripts.legacy(["tools": ["listChanged": true]]) { message in
                guard message["method"] == "tools/call" else { return [] }
                let token = message["params"]?["_meta"]?["progressToken"] ?? .null
                return [
                    .json([
                        "jsonrpc": "2.0", "method": "notifications/progress",
                        "params": [
                            "progressToken": token, "progress": 1, "total": 2, "message": "half",
                        ],
                    ]),
                    .json(["jsonrpc": "2.0", "method": "notifications/tools/list_changed"]),
                    Scripts.text(message, "done"),
                ]
            })
        let options = CallOptions(onProgress: { step in news.withLock { $0.append(step) } })
        _ = try await server.connection.call(tool: "t", arguments: [:], options: options)
        #expect(news.withLock { $0.map(\.message) } == ["half"])
        #expect(news.withLock { $0.first?.total } == 2)
        #expect(events.withLock { $0 } == [.toolsChanged])
        await server.connection.stop()
    }

    @Test("is told of a call that nobody waits for", arguments: UpstreamEra.spoken)
    func cancellation(_ era: UpstreamEra) async throws {
        let script: ScriptedStdio.Script = { message in
            message["method"] == "tools/call" && message["params"]?["name"] == "fast"
                ? [Scripts.text(message, "fast")] : []
        }
        let server = ScriptedConnection(
            script: era == .modern ? Scripts.modern(then: script) : Scripts.legacy(then: script))
        _ = try await server.text("fast")
        let call = Task { await server.failure("slow") }
        var slowID: JSON?
        for await message in server.servers.all[0].received {
            if message["params"]?["name"] == "slow" {
                slowID = message["id"]
                call.cancel()
            } else if message["method"] == "notifications/cancelled" {
                #expect(message["params"]?["requestId"] == slowID)
                break
            }
        }
        let failure = await call.value
        #expect(failure?.kind == .cancelled)
        #expect(failure?.delivery == .possiblySent)
        await server.connection.stop()
    }

    @Test("that dies fails its calls, and is started again for the next")
    func death() async throws {
        let server = ScriptedConnection(
            era: .legacy, timing: WaitedTime().timing,
            script: Scripts.legacy { message in
                switch message["params"]?["name"] {
                case "die"?: [.complain("out of luck"), .end]
                case "live"?: [Scripts.text(message, "alive")]
                default: []
                }
            })
        let failure = await server.failure("die")
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .possiblySent)
        #expect(failure?.retry == .sensible)
        #expect(try await server.text("live") == "alive")
        #expect(server.servers.all.count == 2)
        await server.connection.stop()
    }
}

extension UpstreamEra {
    /// Those that a server can be held to.
    static let spoken: [UpstreamEra] = [.legacy, .modern]
}
