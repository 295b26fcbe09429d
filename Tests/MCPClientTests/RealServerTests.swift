import Foundation
import MCP
import Synchronization
import Testing

@testable import MCPClient

@Suite(
    "A server that others wrote", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: RealServers.areThere, RealServers.absence))
struct RealServerTests {
    private static let calculator = RealServers.setups

    @Test("of the official SDK is called", arguments: calculator)
    func calls(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("everything", setup) { connection in
            let sum = try await connection.call(tool: "add", arguments: ["left": 2, "right": 3])
            #expect(sum["structuredContent"]?["result"] == 5)
            #expect(connection.greeting?.revision == setup.revision)
            let text = "größe\u{2028}\"\\\n😀"
            let echo = try await connection.call(tool: "echo", arguments: ["text": .string(text)])
            #expect(echo["content"]?.array?.first?["text"] == .string(text))
            let picture = try await connection.call(tool: "picture", arguments: [:])
            #expect(picture["content"]?.array?.first?["mimeType"] == "image/png")
            let failed = try await connection.call(
                tool: "fail", arguments: ["reason": "on purpose"])
            #expect(failed["isError"] == true)
        }
    }

    @Test("of the official SDK lists its tools and resources", arguments: calculator)
    func lists(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("everything", setup) { connection in
            let list = try await connection.tools()
            #expect(Set(list.tools.map(\.name)).isSuperset(of: ["add", "echo", "wait"]))
            #expect(list.faults == [])
            #expect(list.tools.first { $0.name == "add" }?.description == "Adds two numbers.")
            let resources = try await connection.resources()
            #expect(resources.map { $0["uri"] } == ["memo://hello"])
            let memo = try await connection.readResource("memo://hello")
            #expect(memo["contents"]?.array?.first?["text"] == "hello")
        }
    }

    @Test("of the official SDK tells of progress", arguments: calculator)
    func progress(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("everything", setup) { connection in
            let news = Mutex<[String]>([])
            let options = CallOptions(onProgress: { step in
                news.withLock { $0.append(step.message ?? "") }
            })
            _ = try await connection.call(
                tool: "count", arguments: ["steps": 3], options: options)
            #expect(news.withLock { $0 } == ["step 1", "step 2", "step 3"])
        }
    }

    @Test("of the official SDK takes eight calls at a time", arguments: calculator)
    func sideBySide(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("everything", setup) { connection in
            let sums = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let sum = try await connection.call(
                            tool: "add",
                            arguments: ["left": .number(JSONNumber(number)), "right": 1])
                        return (number, sum["structuredContent"]?["result"]?.integer)
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
            }
            #expect(sums == Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, $0 + 1) }))
        }
    }

    @Test("of the official SDK is told of a call that nobody waits for", arguments: calculator)
    func cancellation(_ setup: RealServers.Setup) async throws {
        let marker = FileManager.default.temporaryDirectory
            .appendingPathComponent("cancelled-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: marker) }
        try await RealServers.with("everything", setup) { connection in
            let options = CallOptions(timeout: .seconds(2))
            let failure = await connection.failure(
                of: "wait", ["marker": .string(marker.path)], options)
            #expect(failure?.kind == .timeout)
            // An answer to what comes after shows that the connection is still good.
            let echo = try await connection.call(tool: "echo", arguments: ["text": "on"])
            #expect(echo["content"]?.array?.first?["text"] == "on")
            for _ in 0..<1_000 where !FileManager.default.fileExists(atPath: marker.path) {
                _ = try await connection.call(tool: "echo", arguments: ["text": "still"])
            }
            #expect(FileManager.default.fileExists(atPath: marker.path))
        }
    }

    @Test("of the official SDK gives a large result", arguments: calculator)
    func large(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("everything", setup) { connection in
            let result = try await connection.call(
                tool: "large", arguments: ["byte_count": 8_000_000])
            #expect(result["content"]?.array?.first?["text"]?.string?.utf8.count == 8_000_000)
        }
    }

    @Test("over stdio gets no variable but the usual and its own")
    func environment() async throws {
        let command = ServerCommand(
            command: RealServers.Environment.sdk2.program("python"),
            arguments: [RealServers.script("everything")], environment: ["OWN": "1"])
        let connection = RealServers.connection(.stdio(command))
        let result = try await connection.call(tool: "environment", arguments: [:])
        let listed = result["structuredContent"]?["result"]?.array ?? []
        let names = listed.compactMap(\.string)
        // Python sets the last two by itself in a plain environment.
        let usual: Set = ["HOME", "LANG", "LC_CTYPE", "OWN", "PATH", "TMPDIR"]
        #expect(Set(names).subtracting(usual).isEmpty, "\(names)")
        #expect(names.contains("OWN"))
        await connection.stop()
    }

    @Test("over stdio that dies in a call is started again for the next")
    func death() async throws {
        let command = ServerCommand(
            command: RealServers.Environment.sdk2.program("python"),
            arguments: [RealServers.script("everything")])
        let connection = RealServers.connection(.stdio(command))
        let failure = await connection.failure(of: "die")
        #expect(failure?.kind == .unavailable)
        #expect(failure?.delivery == .possiblySent)
        #expect(failure?.message.contains("exit code 3") == true)
        let sum = try await connection.call(tool: "add", arguments: ["left": 1, "right": 1])
        #expect(sum["structuredContent"]?["result"] == 2)
        await connection.stop()
    }

    @Test(
        "with 1,000 tools lists them all",
        arguments: RealServers.setups.filter { $0.environment == .sdk2 })
    func thousand(_ setup: RealServers.Setup) async throws {
        try await RealServers.with("thousand", setup) { connection in
            #expect(try await connection.tools().tools.count == 1_000)
            let result = try await connection.call(tool: "tool_999", arguments: ["value": 7])
            #expect(result["content"]?.array?.first?["text"] == "999: 7")
        }
    }

    @Test("for time tells the time")
    func time() async throws {
        let program = RealServers.Environment.sdk2.program("mcp-server-time")
        let connection = RealServers.connection(
            .stdio(ServerCommand(command: program, arguments: ["--local-timezone", "UTC"])))
        #expect(try await connection.tools().tools.map(\.name).contains("convert_time"))
        let result = try await connection.call(
            tool: "convert_time",
            arguments: [
                "source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo",
            ])
        #expect(result["content"]?.array?.first?["text"]?.string?.contains("21:00") == true)
        await connection.stop()
    }

    @Test("for git shows a repository")
    func git() async throws {
        let program = RealServers.Environment.sdk2.program("mcp-server-git")
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("repository-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let initialize = Process()
        initialize.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        initialize.arguments = ["git", "init", "--quiet", folder.path]
        try initialize.run()
        initialize.waitUntilExit()
        let connection = RealServers.connection(
            .stdio(ServerCommand(command: program, arguments: ["--repository", folder.path])))
        #expect(try await connection.tools().tools.count >= 10)
        let result = try await connection.call(
            tool: "git_status", arguments: ["repo_path": .string(folder.path)])
        #expect(
            result["content"]?.array?.first?["text"]?.string?.contains("No commits yet") == true)
        await connection.stop()
    }
}
