import Foundation
import Testing

@testable import Execution

/// What is looked at where the kernel does not bound the workers' memory.
@Suite("Watched memory", .timeLimit(.minutes(1)))
struct MemoryWatchTests {
    @Test("counts a worker with its forks, however deep they are, and not with its template")
    func forks() throws {
        // A worker leads a group; the fork of its fork tells of itself once it is there.
        let template = Process()
        template.executableURL = URL(filePath: "/bin/sh")
        template.arguments = ["-c", "setsid sh -c \"$WORKER\"; true"]
        template.environment = [
            "PATH": "/usr/bin:/bin", "WORKER": "sh -c \"$FORK\"; true",
            "FORK": "sh -c \"$LAST\"; true", "LAST": "echo $$; exec sleep 600",
        ]
        let output = Pipe()
        template.standardOutput = output
        try template.run()
        let told = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let last = try #require(Int32(told.trimmingCharacters(in: .whitespacesAndNewlines)))
        let group = getpgid(last)
        defer {
            kill(-group, SIGKILL)
            template.waitUntilExit()
        }
        let worker = try #require(
            holdings(codeByteCount: 0, group).first { $0.processIDs.contains(last) })
        #expect(worker.group == group)
        #expect(worker.processIDs.first == group)
        #expect(worker.processIDs.count == 3)
        #expect(worker.privateByteCount > 0)
        #expect(worker.sharedByteCount == 1 << 40)
        // What each of the three has of the template's code is nobody's.
        let share = worker.privateByteCount / 4
        let without = try #require(
            holdings(codeByteCount: share, group).first { $0.processIDs.contains(last) })
        #expect(without.privateByteCount <= worker.privateByteCount - share)
        #expect(without.privateByteCount >= 0)
    }

    private func holdings(codeByteCount: Int, _ group: Int32) -> [MemoryWatch.Holding] {
        MemoryWatch.holdings(
            MemoryWatch.Shared(codeByteCount: codeByteCount, byteCounts: [group: 1 << 40]))
    }

    @Test("counts shared memory that nobody has mapped")
    func shared() throws {
        let file = try MemoryFile(named: "test", byteCount: 1 << 21)
        #expect(file.takenByteCount == 0)
        try file.write([UInt8](repeating: 1, count: 1 << 20))
        #expect(file.takenByteCount == 1 << 20)
        try file.discard(byteCount: 1 << 21)
        #expect(file.takenByteCount == 0)
    }
}
