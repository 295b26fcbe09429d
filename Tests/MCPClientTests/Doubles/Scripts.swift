import Logging
import MCP
import Synchronization

@testable import MCPClient

/// What scripted servers say in the usual course of things.
enum Scripts {
    static func result(_ message: JSON, _ result: JSON) -> ScriptedStdio.Act {
        .json(["jsonrpc": "2.0", "id": message["id"] ?? .null, "result": result])
    }

    static func error(_ message: JSON, _ code: Int, _ text: String) -> ScriptedStdio.Act {
        .json([
            "jsonrpc": "2.0", "id": message["id"] ?? .null,
            "error": ["code": .number(JSONNumber(code)), "message": .string(text)],
        ])
    }

    static func text(_ message: JSON, _ text: String) -> ScriptedStdio.Act {
        result(message, ["content": [["type": "text", "text": .string(text)]]])
    }

    /// Agrees on a revision of the older era, and leaves all else to another script.
    static func legacy(
        _ capabilities: JSON = ["tools": [:]], then rest: @escaping ScriptedStdio.Script
    ) -> ScriptedStdio.Script {
        { message in
            switch message["method"]?.string {
            case "server/discover"?: [error(message, -32601, "Method not found")]
            case "initialize"?:
                [
                    result(
                        message,
                        [
                            "protocolVersion": "2025-11-25", "capabilities": capabilities,
                            "serverInfo": ["name": "scripted", "version": "1"],
                        ])
                ]
            default: rest(message)
            }
        }
    }

    /// Speaks the newer era.
    static func modern(
        _ capabilities: JSON = ["tools": [:]], then rest: @escaping ScriptedStdio.Script
    ) -> ScriptedStdio.Script {
        { message in
            switch message["method"]?.string {
            case "server/discover"?:
                [
                    result(
                        message,
                        [
                            "resultType": "complete", "supportedVersions": ["2026-07-28"],
                            "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private",
                        ])
                ]
            case "initialize"?: [error(message, -32601, "Method not found")]
            default: rest(message)
            }
        }
    }
}

/// A connection whose server is scripted, and started anew each time.
struct ScriptedConnection {
    let connection: UpstreamConnection
    /// The servers that were started.
    let servers = Servers()

    final class Servers: Sendable {
        private let started = Mutex<[ScriptedStdio]>([])

        func append(_ server: ScriptedStdio) { started.withLock { $0.append(server) } }
        var all: [ScriptedStdio] { started.withLock { $0 } }
    }

    init(
        era: UpstreamEra = .automatic, limits: UpstreamLimits = UpstreamLimits(),
        handler: (any ServerRequestHandler)? = nil, timing: UpstreamTiming = .system,
        secrets: [String] = [],
        onEvent: @escaping @Sendable (UpstreamEvent) -> Void = { _ in },
        script: @escaping ScriptedStdio.Script
    ) {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        connection = UpstreamConnection(
            secrets: secrets, era: era, client: Implementation(name: "test", version: "0"),
            limits: limits, handler: handler, timing: timing, log: log, onEvent: onEvent
        ) { [servers] (inbox, onEnd) throws(UpstreamError) in
            let wakeUp = try WakeUp()
            let (server, streams) = ScriptedStdio.start(script)
            servers.append(server)
            return StdioWire(
                streams.taken(), process: nil, wakeUp: wakeUp, inbox: inbox, limits: limits,
                scrubber: Scrubber(secrets), log: log, onEnd: onEnd)
        }
    }

    /// Calls a tool and says how that failed.
    func failure(_ tool: String = "t", _ arguments: JSONObject = [:]) async -> UpstreamError? {
        await connection.failure(of: tool, arguments)
    }

    /// The text that a tool answers.
    func text(_ tool: String = "t", _ arguments: JSONObject = [:]) async throws -> String? {
        let result = try await connection.call(tool: tool, arguments: arguments)
        return result["content"]?.array?.first?["text"]?.string
    }
}

extension UpstreamConnection {
    /// Calls a tool and says how that failed; nil where it did not.
    func failure(
        of tool: String, _ arguments: JSONObject = [:], _ options: CallOptions = CallOptions()
    ) async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await call(tool: tool, arguments: arguments, options: options)
            return nil
        } catch {
            return error
        }
    }
}

/// Time that passes when somebody waits for it, as long as that is not long.
final class WaitedTime: Sendable {
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now
    private let longest: Duration

    /// - Parameter longest: what is waited for longer never comes.
    init(longest: Duration = .seconds(10)) {
        self.longest = longest
    }

    var timing: UpstreamTiming {
        UpstreamTiming(
            now: { [self] in start + passed.withLock { $0 } },
            sleep: { [self] duration in
                guard duration <= longest else { return try await Task.sleep(for: .seconds(3_600)) }
                try Task.checkCancellation()
                passed.withLock { $0 += duration }
            })
    }

    func pass(_ duration: Duration) { passed.withLock { $0 += duration } }
}
