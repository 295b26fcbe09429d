import Glibc
import Testing

@testable import Heaps

/// Everything that is done with heaps in files, with a fault at every system call that it makes.
@Suite("Heaps in files under faults", .timeLimit(.minutes(10)))
struct RepositoryFaultTests {
    /// What is interrupted.
    enum Operation: String, CaseIterable {
        case commit
        case commitToNewHeap
        case fork
        case undo
        case delete
        case collectGarbage
        case importing
        case adoptBase
        case checkAndSetAside
    }

    private static let snapshotByteCountMax = 1 << 20
    private static let now = WallTime.example - .seconds(-7200)
    /// Signed, so that what a fault leaves behind has to have its signature too.
    private let keys: SigningKeys
    private let a: HeapName
    private let b: HeapName
    private let new: HeapName

    init() throws {
        keys = try SigningKeys(file: Array(String(repeating: "0a", count: 32).utf8))
        a = try HeapName("a")
        b = try HeapName("b")
        new = try HeapName("new")
    }

    /// Snapshots that are like each other, so that they are packed behind each other.
    private static func snapshot(_ number: UInt8) -> [UInt8] {
        var bytes = snapshotBytes(2000)
        bytes[500] = number
        return bytes
    }

    private func heaps(in files: SimulatedFiles, prepare: Bool) throws -> HeapRepository {
        let directory = HeapDirectory(operations: files, location: "/heaps")
        if prepare { try directory.prepare(now: Self.now) }
        return HeapRepository(
            storage: FileHeapStorage(directory, now: { Self.now }),
            snapshotByteCountMax: Self.snapshotByteCountMax, keys: keys, now: { Self.now },
            logger: .silent)
    }

    private func commit(
        _ number: UInt8, to name: HeapName, in heaps: HeapRepository
    ) async throws -> HeapHead {
        let head = try await heaps.head(of: name)
        // Loaded, as by a server, so that its parent is at hand.
        if let head { _ = try await heaps.load(head.version, for: .ours) }
        return try await heaps.commit(
            Self.snapshot(number), to: name, replacing: head,
            by: .example(runNumber: (head?.runNumber ?? 0) + 1))
    }

    /// Three versions of `a`, one of `b`, and one that nobody needs.
    private func start() async throws -> (SimulatedFiles, Start) {
        let files = SimulatedFiles()
        let heaps = try heaps(in: files, prepare: true)
        var versions: [HeapVersion] = []
        for number in 1...3 as ClosedRange<UInt8> {
            versions.append(try await commit(number, to: a, in: heaps).version)
        }
        let other = try await commit(9, to: b, in: heaps)
        _ = try await commit(8, to: new, in: heaps)
        let archive = MemoryFile()
        _ = try await heaps.export(.head(new), .version) { archive.append($0) }
        _ = try await heaps.delete(new)
        // All of it is old by now.
        files.state.withLock { state in
            for index in state.files.indices { state.files[index].written = .example }
        }
        return (files, Start(versions: versions, b: other.version, archive: archive))
    }

    private struct Start {
        let versions: [HeapVersion]
        let b: HeapVersion
        let archive: MemoryFile
    }

    /// Carries an operation out; returns where each heap is to be afterwards.
    private func perform(
        _ operation: Operation, _ start: Start, in heaps: HeapRepository
    ) async throws -> [HeapName: UInt8?] {
        switch operation {
        case .commit:
            _ = try await commit(4, to: a, in: heaps)
            return [a: 4]
        case .commitToNewHeap:
            _ = try await commit(5, to: new, in: heaps)
            return [new: 5]
        case .fork:
            _ = try await heaps.fork(.head(a), to: new, ifTaken: .refuse)
            return [new: 3]
        case .undo:
            _ = try await heaps.fork(.version(start.versions[0]), to: a, ifTaken: .replace)
            return [a: 1]
        case .delete:
            _ = try await heaps.delete(a)
            return [a: nil]
        case .collectGarbage:
            var policy = RetentionPolicy()
            policy.versionCountPerHeap = 1
            policy.grace = .seconds(1)
            _ = try await heaps.collectGarbage(policy)
        case .importing:
            start.archive.rewind()
            let archive = try HeapArchiveReader(
                snapshotByteCountMax: Self.snapshotByteCountMax, keys: keys
            ) { start.archive.read($0) }
            _ = try await heaps.store(archive, as: new, ifTaken: .refuse)
            return [new: 8]
        case .adoptBase:
            try await heaps.adoptBase(Self.snapshot(0), of: .ours)
        case .checkAndSetAside:
            _ = try await heaps.check(.snapshots, onDamage: .setAside)
        }
        return [:]
    }

    /// Which snapshot each heap may be at.
    private func expected(
        _ outcome: [HeapName: UInt8?]?, of operation: Operation
    ) -> [HeapName: Set<UInt8?>] {
        var expected: [HeapName: Set<UInt8?>] = [a: [3], b: [9], new: [nil]]
        let changes: [Operation: [HeapName: UInt8?]] = [
            .commit: [a: 4], .commitToNewHeap: [new: 5], .fork: [new: 3], .undo: [a: 1],
            .delete: [a: UInt8?.none], .importing: [new: 8],
        ]
        for (name, number) in changes[operation] ?? [:] {
            if outcome == nil { expected[name]?.insert(number) } else { expected[name] = [number] }
        }
        return expected
    }

    /// Looks at everything that there is.
    private func verify(
        _ heaps: HeapRepository, _ expected: [HeapName: Set<UInt8?>], _ comment: Comment
    ) async throws {
        for (name, numbers) in expected {
            var found: UInt8?
            if let head = try await heaps.head(of: name) {
                let snapshot = try await heaps.load(head.version, for: .ours).snapshot
                found = snapshot[500]
                #expect(snapshot == Self.snapshot(found ?? 0), comment)
            }
            #expect(numbers.contains(found), "\(name), \(comment)")
        }
        let problems = try await heaps.check(.snapshots, onDamage: .report).problems
        #expect(problems == [], comment)
    }

    /// One that loses all and one that loses some, each time another; now and then the others.
    private static func restarts(_ step: Int) -> [SimulatedFiles.Restart] {
        [.powerLost, .torn(seed: UInt64(step))]
            + (step % 5 == 0 ? [.processKilled, .powerLostWithNames] : [])
    }

    private func stepCount(of operation: Operation, _ start: Start, _ files: SimulatedFiles)
        async throws -> Int
    {
        let dryRun = files.copied()
        _ = try await perform(operation, start, in: try heaps(in: dryRun, prepare: false))
        return dryRun.stepCount
    }

    @Test(
        "a crash at any step leaves every heap as it was or as it was to be",
        arguments: Operation.allCases)
    func crash(_ operation: Operation) async throws {
        let (files, start) = try await start()
        let stepCount = try await stepCount(of: operation, start, files)
        #expect(stepCount > 5)
        for step in 1...stepCount + 1 {
            let crashing = files.copied()
            crashing.inject(.crash, atStep: step)
            let outcome = try? await perform(
                operation, start, in: try heaps(in: crashing, prepare: false))
            // A check tells of what it could not read, and goes on where it can.
            if operation != .checkAndSetAside {
                #expect((outcome == nil) == (step <= stepCount), "\(operation), step \(step)")
            }
            for restart in Self.restarts(step) {
                let comment: Comment = "\(operation), step \(step), \(restart)"
                let after = crashing.restarted(after: restart)
                let heaps = try heaps(in: after, prepare: true)
                try await verify(heaps, expected(outcome, of: operation), comment)
                // It goes on, and that lasts.
                _ = try await commit(7, to: b, in: heaps)
                let again = try self.heaps(
                    in: after.restarted(after: .powerLost), prepare: true)
                #expect(try await again.resolve(.head(b)).runNumber == 2, comment)
            }
        }
    }

    @Test(
        "a call that fails leaves every heap as it was, and says why",
        arguments: Operation.allCases)
    func failure(_ operation: Operation) async throws {
        let (files, start) = try await start()
        for step in 1...(try await stepCount(of: operation, start, files)) {
            let code = step % 2 == 0 ? ENOSPC : EIO
            let failing = files.copied()
            let heaps = try heaps(in: failing, prepare: false)
            failing.inject(.failure(code), atStep: step)
            var outcome: [HeapName: UInt8?]?
            do {
                outcome = try await perform(operation, start, in: heaps)
            } catch {
                #expect(error is HeapError, "\(operation), step \(step): \(error)")
            }
            let comment: Comment = "\(operation), step \(step), error \(code)"
            try await verify(heaps, expected(outcome, of: operation), comment)
            for restart in [SimulatedFiles.Restart.powerLost, .torn(seed: UInt64(step))] {
                let after = try self.heaps(
                    in: failing.restarted(after: restart), prepare: true)
                try await verify(after, expected(outcome, of: operation), comment)
            }
            #expect(failing.mistakes.isEmpty, comment)
        }
    }
}
