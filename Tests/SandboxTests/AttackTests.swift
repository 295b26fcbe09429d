import Foundation
import Testing

/// Attempts to get out of a confined process, each in one of its own.
@Suite("Attacks on the sandbox", .timeLimit(.minutes(5)))
struct AttackTests {
    /// Who starts the template, and where.
    enum Starter: String, CaseIterable, Sendable {
        case thisUser
        case plainUser
        /// This user where the kernel refuses namespaces and mounts, as containers have it.
        case container

        /// What goes before the command; nil where it cannot be had.
        var prefix: [String]? {
            switch self {
            case .thisUser: []
            case .plainUser:
                FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") && geteuid() == 0
                    ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : nil
            case .container: ["/usr/bin/env", "python3", Self.refuseNamespaces.path]
            }
        }

        private static let refuseNamespaces = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "IntegrationTests/refuse_namespaces.py")
    }

    /// What the JIT cannot do without: its memory is made executable after it was mapped.
    private static let neededByTheJIT = ["make memory executable"]

    /// A copy, and waking who waits on memory that is shared with it: nobody else shares any.
    private static let neededByForks = [
        "copy itself", "make memory executable", "wake other processes",
    ]

    /// What Go, and C, are made of, in the program that strips types: its own descriptors, signals
    /// and waiting. Nothing of it reaches another process.
    private static let neededByTools = [
        "close a descriptor", "install a signal handler", "make a pipe", "make an event",
        "poll by epoll", "read another descriptor", "wake other processes",
        "write to its channel by write",
    ]

    @Test(
        "are refused to the program that strips types, but for what it is made of",
        arguments: Starter.allCases)
    func tool(_ starter: Starter) throws {
        guard let prefix = starter.prefix else { return }
        let attempts = try Attempts(mode: "tool", prefix: prefix)
        #expect(attempts.count >= 157)
        #expect(attempts["untried"] == [], "\(attempts["because"])")
        #expect(attempts["succeeded"].sorted() == Self.neededByTools)
    }

    @Test(
        "gain a worker that makes snapshots by fork a few copies of itself, and words to them",
        arguments: Starter.allCases)
    func forks(_ starter: Starter) throws {
        guard let prefix = starter.prefix else { return }
        let attempts = try Attempts(mode: "forks", prefix: prefix)
        #expect(attempts["untried"] == [], "\(attempts["because"])")
        // Where the kernel makes no user namespaces, as in a container and below another root
        // directory, a worker forks nothing.
        #expect(attempts["granted"] == attempts["possible"])
        let expected = attempts["granted"] == [] ? Self.neededByTheJIT : Self.neededByForks
        #expect(attempts["succeeded"].sorted() == expected)
        #expect(starter != .container || attempts["granted"] == [])
    }

    @Test(
        "are refused, but for what the JIT needs", arguments: Starter.allCases, ["jit", "jitless"])
    func refused(_ starter: Starter, mode: String) throws {
        guard let prefix = starter.prefix else { return }
        let attempts = try Attempts(mode: mode, prefix: prefix)
        #expect(attempts.count >= 157)
        #expect(attempts["untried"] == [], "\(attempts["because"])")
        #expect(attempts["succeeded"] == (mode == "jit" ? Self.neededByTheJIT : []))
    }
}

/// What the attacking program told.
private struct Attempts {
    private let namesByEnd: [Substring: [String]]

    /// How many attempts there were.
    var count: Int { ["refused", "succeeded", "untried"].reduce(0) { $0 + self[$1].count } }

    init(mode: String, prefix: [String]) throws {
        // Where other users may read it, and make a file, whatever the build directory's mode.
        let folder = URL.temporaryDirectory.appending(path: "attacks-\(UUID().uuidString)")
        let program = folder.appending(path: "SandboxAttacks")
        let rights: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: rights)
        defer { try? FileManager.default.removeItem(at: folder) }
        // By a process of its own: a descriptor that is open for writing here could be inherited by
        // what another test starts, and a file that is written to cannot be run.
        let built = try Attempts.built()
        let programs = [built, built.deletingLastPathComponent().appending(path: "ToolAttacks")]
        let copy = try Process.run(
            URL(filePath: "/bin/cp"), arguments: programs.map(\.path) + [folder.path])
        copy.waitUntilExit()
        chmod(folder.path, 0o1777)
        let command = prefix + [program.path, mode, "\(getpid())"]
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(text)")
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        namesByEnd = Dictionary(grouping: lines) { $0[0] }
            .mapValues { $0.map { String($0[1]) } }
    }

    subscript(end: Substring) -> [String] { namesByEnd[end] ?? [] }

    /// Built beside the tests, as what they depend on.
    private static func built() throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let candidates = [
            URL(filePath: tests).deletingLastPathComponent(),
            URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(),
        ]
        let programs = candidates.map { $0.appending(path: "SandboxAttacks") }
        return try #require(
            programs.first { FileManager.default.isExecutableFile(atPath: $0.path) })
    }
}
