import Glibc
import MCPClient
import Testing

@testable import UpstreamTools

@Suite("The configuration of upstream servers")
struct ConfigurationTests {
    private static func read(
        _ text: String, _ variables: [String: String] = [:]
    ) throws -> UpstreamConfiguration {
        try UpstreamConfiguration(parsing: Array(text.utf8)) { variables[$0] }
    }

    private static func faults(_ text: String, _ variables: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, variables)
            return []
        } catch UpstreamConfigurationError.faults(let faults) {
            return faults
        } catch {
            return ["\(error)"]
        }
    }

    @Test("takes what Claude reads")
    func claude() throws {
        let configuration = try Self.read(
            """
            {"mcpServers": {
              "warehouse": {"command": "npx", "args": ["-y", "@acme/warehouse"],
                            "env": {"DSN": "${DSN:-none}", "N": 3}, "cwd": "/srv"},
              "github": {"type": "http", "url": "https://api.example.com/mcp/",
                         "headers": {"Authorization": "Bearer ${TOKEN}"}}
            }}
            """, ["TOKEN": "t"])
        #expect(
            configuration.entries.map(\.transport) == [
                .http(
                    HTTPTarget(
                        url: "https://api.example.com/mcp/",
                        headers: ["Authorization": "Bearer t"])),
                .stdio(
                    ServerCommand(
                        command: "npx", arguments: ["-y", "@acme/warehouse"],
                        environment: ["DSN": "none", "N": "3"], workingDirectory: "/srv")),
            ])
        #expect(configuration.warnings == [])
    }

    @Test("takes what VS Code and Cursor read, with comments and commas too many")
    func editors() throws {
        let configuration = try Self.read(
            """
            // our servers
            {"servers": { /* two
              of them */
              "a": {"type": "stdio", "command": "a", "env": {"K": "${env:K}"},},
              "b": {"url": "http://127.0.0.1:8080/mcp", "disabled": false, "gallery": true},
              "c": {"command": "c", "disabled": true},
            }, "inputs": [],}
            """, ["K": "v"])
        #expect(configuration.entries.map(\.name) == ["a", "b"])
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.hasPrefix("line 5, servers.b.gallery: ") == true)
    }

    @Test("has a place for what is ours")
    func settings() throws {
        let configuration = try Self.read(
            """
            {"mcpServers": {"a": {"command": "a", "mcp-v8": {
              "hint": "issues", "allow": ["*"], "ask": ["create_*"], "timeout_ms": 1000,
              "deny": [{"tool": "query", "args": {"database": ["sales*"]}}], "default": "deny",
              "concurrency": 2, "json": "never", "clients": ["alice"], "era": "legacy",
              "pin": true, "validate": false, "trustAnnotations": true}}},
             "policy": {"deny": ["*.delete_*"]}}
            """)
        var expected = UpstreamSettings()
        expected.hint = "issues"
        expected.policy.allow = [.init(tool: "*", arguments: [:])]
        expected.policy.ask = [.init(tool: "create_*", arguments: [:])]
        expected.policy.deny = [.init(tool: "query", arguments: ["database": ["sales*"]])]
        expected.policy.standard = .deny
        expected.timeout = .seconds(1)
        expected.callsAtATimeMax = 2
        expected.textReading = .never
        expected.clients = ["alice"]
        expected.era = .legacy
        expected.pinsTools = true
        expected.checksArguments = false
        expected.trustsAnnotations = true
        #expect(configuration.entries.first?.settings == expected)
        #expect(configuration.policy.deny == [.init(tool: "*.delete_*", arguments: [:])])
    }

    /// Mistakes, with what must be said about each.
    static let mistakes: [(String, [String])] = [
        ("{", ["line 1, column 2", "unexpected end"]),
        ("{\n  \"mcpServers\" {}}", ["line 2, column 16"]),
        ("[]", ["must be an object with \"mcpServers\", not an array"]),
        (#"{"mcpServers": []}"#, ["line 1, mcpServers: must be an object of servers"]),
        (#"{"mcpServers": {"a": 1}}"#, ["mcpServers.a: must be an object", "not a number"]),
        (#"{"mcpServers": {"a": {}}}"#, ["no \"command\"", "no \"url\""]),
        (#"{"mcpServers": {"a": {"type": "stdio"}}}"#, ["has no \"command\""]),
        (#"{"mcpServers": {"a": {"type": "http", "command": "x"}}}"#, ["has no \"url\""]),
        (#"{"mcpServers": {"a": {"command": ""}}}"#, ["mcpServers.a.command: is empty"]),
        (#"{"mcpServers": {"a": {"command": "x", "url": "http://h/"}}}"#, ["has both"]),
        (#"{"mcpServers": {"a": {"type": "sse", "url": "http://h/sse"}}}"#, ["sse", "\"http\""]),
        (#"{"mcpServers": {"a": {"type": "ws", "url": "ws://h"}}}"#, ["\"stdio\" or \"http\""]),
        (#"{"mcpServers": {"a": {"url": "ftp://h/"}}}"#, ["a.url", "https://host/mcp"]),
        (#"{"mcpServers": {"a": {"url": "https://me:pw@h/"}}}"#, ["without a user"]),
        (#"{"mcpServers": {"a": {"command": "x", "args": "y"}}}"#, ["a.args: must be an array"]),
        (#"{"mcpServers": {"a": {"command": "x", "args": [1]}}}"#, ["a.args[0]: must be a string"]),
        (#"{"mcpServers": {"a": {"command": "${NOPE}"}}}"#, ["a.command", "NOPE is not set"]),
        (#"{"mcpServers": {"a": {"command": "${NOPE"}}}"#, ["without \"}\""]),
        (#"{"mcpServers": {"a": {"command": "${input:key}"}}}"#, ["nobody is asked"]),
        (#"{"mcpServers": {"a": {"command": "${workspaceFolder}/x y"}}}"#, ["workspaceFolder"]),
        (#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}"#, ["a: stands twice"]),
        (
            #"{"mcpServers": {"a": {"command": "x"}}, "servers": {"a": {"command": "y"}}}"#,
            ["servers.a: this name stands in both lists"]
        ),
        (#"{"mcpServers": {"$find": {"command": "x"}}}"#, ["begin with $"]),
        (#"{"mcpServers": {"a b": {"command": "x"}}}"#, ["without blanks"]),
        (
            #"{"mcpServers": {"a": {"url": "http://h/", "headers": {"A b": "c"}}}}"#,
            ["no name that a header can have"]
        ),
        (
            #"{"mcpServers": {"a": {"url": "http://h/", "headers": {"A": "c\r\nHost: x"}}}}"#,
            ["plain ASCII"]
        ),
        (
            #"{"mcpServers": {"a": {"url": "http://h/", "headers": {"Host": "x"}}}}"#,
            ["set by this server"]
        ),
        (
            #"{"mcpServers": {"a": {"command": "x", "mcp-v8": {"alow": ["*"]}}}}"#,
            ["mcp-v8.alow: is not known", "\"allow\"?"]
        ),
        (
            #"{"mcpServers": {"a": {"command": "x", "mcp-v8": {"timeout_ms": 0}}}}"#,
            ["timeout_ms: must be an integer from 1 to 900000"]
        ),
        (
            #"{"mcpServers": {"a": {"command": "x", "mcp-v8": {"default": "maybe"}}}}"#,
            ["\"allow\", \"ask\", \"deny\""]
        ),
        (
            #"{"mcpServers": {"a": {"command": "x", "mcp-v8": {"deny": "delete_*"}}}}"#,
            ["deny: must be an array"]
        ),
        (#"{"inputs": [{"id": "key"}]}"#, ["inputs", "nobody is asked"]),
        (#"{"mcpServers": {"a": {"command": "x", "envFile": ".env"}}}"#, ["under \"env\""]),
        (#"{"policy": {"denny": []}}"#, ["policy.denny", "\"deny\"?"]),
    ]

    @Test("tells each mistake with its place and what would be right", arguments: mistakes.indices)
    func mistake(_ index: Int) {
        let (text, words) = Self.mistakes[index]
        let faults = Self.faults(text)
        #expect(faults.count == 1, "\(faults)")
        for word in words { #expect(faults.first?.contains(word) == true, "\(faults) / \(word)") }
    }

    @Test("tells all mistakes at once")
    func several() {
        let text = """
            {"mcpServers": {
              "a": {"command": 1},
              "b": {"url": 2}
            }}
            """
        #expect(
            Self.faults(text).map { $0.prefix(6) } == ["line 2", "line 3"])
    }

    @Test("does not show the value of a variable in a mistake")
    func secrets() {
        let faults = Self.faults(
            #"{"mcpServers": {"a": {"url": "${TOKEN}"}}}"#, ["TOKEN": "sesame"])
        #expect(faults.count == 1)
        #expect(!faults.joined().contains("sesame"))
    }

    @Test("is read from a file of ours that nobody else can write to")
    func file() throws {
        let path = "/tmp/upstreams-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).json"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(path)
        }
        let text = Array(#"{"mcpServers": {"a": {"command": "x"}}}"#.utf8)
        try #require(write(file, text, text.count) == text.count)
        let configuration = try UpstreamConfiguration(path: path) { _ in nil }
        #expect(configuration.entries.map(\.name) == ["a"])
        fchmod(file, 0o620)
        #expect(throws: UpstreamConfigurationError.self) {
            try UpstreamConfiguration(path: path) { _ in nil }
        }
    }

    @Test("is refused from other people's files, and from what is no file")
    func owners() {
        typealias Configuration = UpstreamConfiguration
        let regular = mode_t(S_IFREG)
        #expect(throws: Never.self) {
            try Configuration.check(
                path: "f", mode: regular | 0o644, owner: 0, byteCount: 1, user: 7)
        }
        #expect(throws: UpstreamConfigurationError.self) {
            try Configuration.check(
                path: "f", mode: regular | 0o600, owner: 8, byteCount: 1, user: 7)
        }
        #expect(throws: UpstreamConfigurationError.self) {
            try Configuration.check(
                path: "f", mode: regular | 0o602, owner: 7, byteCount: 1, user: 7)
        }
        #expect(throws: UpstreamConfigurationError.self) {
            try Configuration.check(
                path: "f", mode: mode_t(S_IFDIR) | 0o700, owner: 7, byteCount: 1, user: 7)
        }
    }
}
