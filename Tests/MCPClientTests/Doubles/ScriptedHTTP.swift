import Logging
import MCP
import NIOCore
import NIOHTTP1
import Synchronization

@testable import MCPClient

/// A server of Streamable HTTP without a network.
final class ScriptedHTTP: HTTPCarrier {
    /// What a request is answered with.
    enum Answer: Sendable {
        case reply(Int, HTTPHeaders, [String])
        case fault(HTTPFault)
        /// Nothing, until the request is cancelled.
        case silence
    }

    struct Request: Sendable {
        var method: String
        var url: String
        var headers: HTTPHeaders
        var json: JSON
    }

    typealias Script = @Sendable (Request) -> Answer

    private let script: Script
    private let log = Mutex<[Request]>([])

    init(script: @escaping Script) { self.script = script }

    /// All requests, in order.
    var requests: [Request] { log.withLock { $0 } }

    /// The methods of MCP, or those of HTTP where a request has no body.
    var methods: [String] { requests.map { $0.json["method"]?.string ?? $0.method } }

    func send(_ ask: HTTPAsk) async throws(HTTPFault) -> HTTPReply {
        let json = ask.body.flatMap { try? JSON(parsing: $0) } ?? .null
        let request = Request(method: ask.method, url: ask.url, headers: ask.headers, json: json)
        log.withLock { $0.append(request) }
        switch script(request) {
        case .fault(let fault): throw fault
        case .silence:
            try? await Task.sleep(for: .seconds(3_600))
            throw .broken("cancelled")
        case .reply(let status, let headers, let pieces):
            return HTTPReply(
                status: status, headers: headers,
                body: AsyncThrowingStream { stream in
                    for piece in pieces { stream.yield(ByteBuffer(string: piece)) }
                    stream.finish()
                })
        }
    }

    func shutDown() async {}
}

extension ScriptedHTTP.Answer {
    /// A result as a plain body.
    static func result(
        _ request: ScriptedHTTP.Request, _ result: JSON, _ headers: HTTPHeaders = [:]
    ) -> Self {
        let json: JSON = ["jsonrpc": "2.0", "id": request.json["id"] ?? .null, "result": result]
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        return .reply(200, headers, [json.text])
    }

    static func text(_ request: ScriptedHTTP.Request, _ text: String) -> Self {
        result(request, ["content": [["type": "text", "text": .string(text)]]])
    }

    static func error(
        _ request: ScriptedHTTP.Request, status: Int, code: Int, _ text: String
    ) -> Self {
        let json: JSON = [
            "jsonrpc": "2.0", "id": request.json["id"] ?? .null,
            "error": ["code": .number(JSONNumber(code)), "message": .string(text)],
        ]
        return .reply(status, ["Content-Type": "application/json"], [json.text])
    }

    /// Pieces of a stream of events.
    static func events(_ pieces: [String]) -> Self {
        .reply(200, ["Content-Type": "text/event-stream"], pieces)
    }

    static func status(_ status: Int, _ headers: HTTPHeaders = [:], _ body: String = "") -> Self {
        .reply(status, headers, [body])
    }
}

/// A connection to a scripted server of Streamable HTTP.
struct ScriptedHTTPConnection {
    let connection: UpstreamConnection
    let server: ScriptedHTTP

    init(
        era: UpstreamEra = .automatic, headers: [String: String] = [:],
        limits: UpstreamLimits = UpstreamLimits(), timing: UpstreamTiming = .system,
        onEvent: @escaping @Sendable (UpstreamEvent) -> Void = { _ in },
        script: @escaping ScriptedHTTP.Script
    ) {
        let server = ScriptedHTTP(script: script)
        self.server = server
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        connection = UpstreamConnection(
            secrets: Array(headers.values), era: era,
            client: Implementation(name: "test", version: "0"), limits: limits, timing: timing,
            log: log, onEvent: onEvent, carrier: server
        ) { (inbox, _) in
            HTTPWire(
                HTTPTarget(url: "http://example.test/mcp", headers: headers), carrier: server,
                inbox: inbox, limits: limits, timing: timing)
        }
    }

    /// Answers the handshake of the older era with a session; leaves the rest to another script.
    static func legacy(
        session: String = "s1", capabilities: JSON = [:], then rest: @escaping ScriptedHTTP.Script
    ) -> ScriptedHTTP.Script {
        { request in
            switch request.json["method"]?.string {
            case "server/discover"?: .status(400, [:], "Bad Request")
            case "initialize"?:
                .result(
                    request, ["protocolVersion": "2025-06-18", "capabilities": capabilities],
                    ["Mcp-Session-Id": session])
            case "notifications/initialized"?: .status(202)
            default: rest(request)
            }
        }
    }

    static func modern(
        capabilities: JSON = [:], then rest: @escaping ScriptedHTTP.Script
    ) -> ScriptedHTTP.Script {
        { request in
            guard request.json["method"] == "server/discover" else { return rest(request) }
            return .result(
                request,
                ["supportedVersions": ["2026-07-28"], "capabilities": capabilities])
        }
    }

    func text() async throws -> String? {
        let result = try await connection.call(tool: "t", arguments: [:])
        return result["content"]?.array?.first?["text"]?.string
    }

    func failure() async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await connection.call(tool: "t", arguments: [:])
            return nil
        } catch {
            return error
        }
    }
}
