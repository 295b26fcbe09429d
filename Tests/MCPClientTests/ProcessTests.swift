import Foundation
import Logging
import MCP
import Testing

@testable import MCPClient

@Suite("The process of a server", .timeLimit(.minutes(1)))
struct ProcessTests {
    /// Speaks the older era, and names the process that it started in its greeting.
    private static let greeting = #"""
        read -r discover
        printf '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}\n'
        read -r initialize
        printf '{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-11-25",'
        printf '"capabilities":{},"serverInfo":{"name":"%s","version":"1"}}}\n' "$child"
        read -r initialized
        read -r call
        printf '{"jsonrpc":"2.0","id":3,"result":{"content":[]}}\n'
        """#

    private static func connection(
        _ command: ServerCommand, _ limits: UpstreamLimits = UpstreamLimits()
    ) -> UpstreamConnection {
        UpstreamConnection(
            .stdio(command), client: Implementation(name: "test", version: "0"), limits: limits,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func shell(_ script: String) -> ServerCommand {
        ServerCommand(command: "/bin/sh", arguments: ["-c", script])
    }

    /// Whether a process runs; one that has ended and was not reaped does not.
    private static func isRunning(_ process: Int) -> Bool {
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        guard let state = status?.split(separator: ")").last?.first(where: { $0 != " " }) else {
            return false
        }
        return state != "Z" && state != "X"
    }

    @Test("takes with it what it has started")
    func group() async throws {
        let script = "sleep 1000 & child=$!\n\(Self.greeting)\nread -r end"
        let connection = Self.connection(Self.shell(script))
        _ = try await connection.call(tool: "t", arguments: [:])
        let child = try #require(Int(connection.greeting?.name ?? ""))
        #expect(Self.isRunning(child))
        await connection.stop()
        // It was killed; the kernel takes a moment for that.
        while Self.isRunning(child) { await Task.yield() }
    }

    @Test("is ended by force, if it does not want to")
    func stubborn() async throws {
        var limits = UpstreamLimits()
        limits.leaveTimeout = .milliseconds(20)
        limits.terminationTimeout = .milliseconds(20)
        let script = "trap '' TERM; child=$$\n\(Self.greeting)\nwhile :; do sleep 1000; done"
        let connection = Self.connection(Self.shell(script), limits)
        _ = try await connection.call(tool: "t", arguments: [:])
        let process = try #require(Int(connection.greeting?.name ?? ""))
        await connection.stop()
        #expect(!Self.isRunning(process))
    }

    @Test("that ends tells its exit code and what it said last")
    func lastWords() async throws {
        let script = "echo one >&2; echo 'no database' >&2; exit 7"
        let failure = await Self.connection(Self.shell(script)).failure(of: "t")
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .notSent)
        #expect(failure?.message.contains("exit code 7; it said: no database") == true)
    }

    @Test("that floods standard error is read all the same")
    func flood() async throws {
        let script = "yes complaint | head -n 100000 >&2; child=1\n\(Self.greeting)\nread -r end"
        let connection = Self.connection(Self.shell(script))
        let result = try await connection.call(tool: "t", arguments: [:])
        #expect(result["content"] == [])
        await connection.stop()
    }

    @Test("has no terminal, no descriptor of ours, and its own group")
    func isolation() async throws {
        let script = "child=$(ls /proc/self/fd | wc -l)/$(cut -d ' ' -f 5-7 /proc/$$/stat)/$$\n"
        let connection = Self.connection(Self.shell(script + Self.greeting + "\nread -r end"))
        _ = try await connection.call(tool: "t", arguments: [:])
        let parts = (connection.greeting?.name ?? "").split(separator: "/")
        try #require(parts.count == 3)
        // The three streams, and the folder that is listed.
        #expect(parts[0].contains("4"))
        #expect(parts[1] == "\(parts[2]) \(parts[2]) 0")
        await connection.stop()
    }

    @Test(
        "is not started where there is no such command",
        arguments: ["no-such-command", "/no/such/command", "/etc/passwd", "/tmp"])
    func missing(_ command: String) async {
        let failure = await Self.connection(ServerCommand(command: command)).failure(of: "t")
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .notSent)
        #expect(failure?.message.contains(command) == true)
    }

    @Test("is not started in a folder that is not there")
    func folder() async {
        let command = ServerCommand(command: "/bin/sh", workingDirectory: "/no/such/folder")
        let failure = await Self.connection(command).failure(of: "t")
        #expect(failure?.message.contains("/no/such/folder") == true)
    }
}
