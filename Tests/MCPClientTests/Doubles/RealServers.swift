import Foundation
import Logging
import MCP
import Testing

@testable import MCPClient

/// Servers that others wrote, in the virtual environments that `scripts/test` makes.
enum RealServers {
    static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Environments by the major version of the SDK in them.
    enum Environment: String, CaseIterable, Sendable {
        case sdk1 = ".venv-mcp1"
        case sdk2 = ".venv-upstreams"

        func program(_ name: String) -> String { "\(RealServers.project)/\(rawValue)/bin/\(name)" }

        var exists: Bool { FileManager.default.isExecutableFile(atPath: program("python")) }
    }

    /// What a test that is left out says.
    static let absence: Comment =
        "there is no .venv-upstreams or .venv-mcp1 beside the sources: scripts/test makes them"

    static var areThere: Bool { Environment.allCases.allSatisfy(\.exists) }

    static func script(_ name: String) -> String {
        "\(project)/IntegrationTests/upstreams/\(name).py"
    }

    /// One server, one way to reach it, and what it is spoken to in.
    struct Setup: Sendable, CustomTestStringConvertible {
        var environment: Environment
        var isOverHTTP: Bool
        var era: UpstreamEra
        var revision: ProtocolRevision

        var testDescription: String {
            "\(environment.rawValue) over \(isOverHTTP ? "HTTP" : "stdio"), \(era.rawValue)"
        }
    }

    static let setups: [Setup] = [false, true].flatMap { isOverHTTP in
        [
            Setup(
                environment: .sdk1, isOverHTTP: isOverHTTP, era: .automatic,
                revision: .november2025),
            Setup(
                environment: .sdk2, isOverHTTP: isOverHTTP, era: .automatic, revision: .july2026),
            Setup(
                environment: .sdk2, isOverHTTP: isOverHTTP, era: .legacy,
                revision: .november2025),
        ]
    }

    static func connection(
        _ transport: UpstreamTransport, era: UpstreamEra = .automatic,
        limits: UpstreamLimits = UpstreamLimits()
    ) -> UpstreamConnection {
        UpstreamConnection(
            transport, era: era, client: Implementation(name: "test", version: "0"),
            limits: limits, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs a test with a server of ours in Python, and ends it.
    static func with(
        _ name: String, _ setup: Setup,
        _ body: (UpstreamConnection) async throws -> Void
    ) async throws {
        let python = setup.environment.program("python")
        var process: HTTPProcess?
        let transport: UpstreamTransport
        if setup.isOverHTTP {
            let started = try HTTPProcess(python, script(name))
            process = started
            transport = .http(HTTPTarget(url: "http://127.0.0.1:\(started.port)/mcp"))
        } else {
            transport = .stdio(ServerCommand(command: python, arguments: [script(name)]))
        }
        let connection = connection(transport, era: setup.era)
        let result = await Swift.Result { try await body(connection) }
        await connection.stop()
        process?.end()
        try result.get()
    }

    /// A server that is there before the connection, as HTTP servers are.
    final class HTTPProcess {
        let port: Int
        private let process = Process()

        init(_ python: String, _ script: String) throws {
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = [script, "--http"]
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            var line = Data()
            while line.last != 0x0A {
                let byte = output.fileHandleForReading.readData(ofLength: 1)
                try #require(!byte.isEmpty, "the server ended before it said its port")
                line += byte
            }
            port = try #require(Int(String(decoding: line.dropLast(), as: UTF8.self)))
        }

        func end() {
            // Its signals may be blocked, as those of the thread that started it are.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
