import Testing

@testable import Heaps

/// Snapshots that are packed behind others, as far as a repository shows it.
@Suite("Packing", .timeLimit(.minutes(5)))
struct PackingTests {
    private let name: HeapName

    init() throws { name = try HeapName("counter") }

    /// A snapshot that is like others of its seed but for a few bytes.
    private static func snapshot(_ number: UInt8, seed: UInt64 = 1) -> [UInt8] {
        var bytes = snapshotBytes(20_000, seed: seed)
        for index in 0..<10 { bytes[index * 1500 + 7] = number }
        return bytes
    }

    /// Commits a row of runs, each on the one before.
    private func commit(
        _ snapshots: [[UInt8]], to name: HeapName, in heaps: HeapRepository
    ) async throws -> [VersionRecord] {
        var head = try await heaps.head(of: name)
        var records: [VersionRecord] = []
        for snapshot in snapshots {
            let number = (head?.runNumber ?? 0) + 1
            head = try await heaps.commit(
                snapshot, to: name, replacing: head, by: .example(runNumber: number))
            records.append(try await heaps.resolve(.head(name)))
        }
        return records
    }

    @Test("goes four deep behind parents, then begins anew", arguments: StorageUnderTest.all)
    func chain(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let snapshots = (1...12).map { Self.snapshot($0) }
        let records = try await commit(snapshots, to: name, in: test.heaps)
        #expect(
            records.map { Int($0.packing.depth) } == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
        for (record, parent) in zip(records.dropFirst(), records) where record.packing.depth > 0 {
            #expect(record.packing.prefix == parent.version)
            #expect(record.storedByteCount < records[0].storedByteCount / 10)
        }
        // By a repository that has nothing at hand.
        for (record, snapshot) in zip(records, snapshots) {
            #expect(try await test.other.load(record.version, for: .ours).snapshot == snapshot)
        }
    }

    @Test("names the same version however its snapshot is packed")
    func identity() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let records = try await commit(
            [Self.snapshot(1), Self.snapshot(2)], to: name, in: test.heaps)
        let alone = try SnapshotEnvelope(
            sealing: Self.snapshot(2), by: .example(runNumber: 2), parent: records[0].version,
            created: test.clock.now)
        #expect(records[1].packing.depth == 1)
        #expect(alone.record.packing == .zstd)
        #expect(alone.record.version == records[1].version)
    }

    @Test("leaves a parent alone that is of no use, and does not try each time")
    func unlikeParents() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let snapshots = (1...3).map { snapshotBytes(20_000, seed: $0) }
        let records = try await commit(snapshots, to: name, in: test.heaps)
        #expect(records.allSatisfy { $0.packing == .zstd })
        let entry = try #require(test.heaps.shelf[records[2].version])
        #expect(entry.snapshot == nil && entry.pauseCount > 1)
    }

    @Test("packs heaps behind the base heap", arguments: StorageUnderTest.all)
    func base(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        try await test.heaps.adoptBase(Self.snapshot(0), of: .ours)
        try await test.heaps.adoptBase(Self.snapshot(0), of: .ours)
        let record = try await commit([Self.snapshot(1)], to: name, in: test.heaps)[0]
        #expect(record.packing.depth == 1)
        let loaded = try await test.other.load(record.version, for: .ours)
        #expect(loaded.snapshot == Self.snapshot(1))
        // Who met it takes it for what comes.
        let more = try await commit(
            [Self.snapshot(9)], to: try HeapName("more"), in: test.other)
        #expect(more[0].packing.prefix == record.packing.prefix)
    }

    @Test("packs no heap of another engine behind it, and none that is much larger")
    func baseOfOthers() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        var engine = RunDescription.example().engine
        engine.mode = .jitless
        try await test.heaps.adoptBase(Self.snapshot(0), of: engine)
        let record = try await commit([Self.snapshot(1)], to: name, in: test.heaps)[0]
        #expect(record.packing == .zstd)
        try await test.heaps.adoptBase(snapshotBytes(1000), of: .ours)
        let large = try await commit(
            [snapshotBytes(5000)], to: try HeapName("large"), in: test.heaps)
        #expect(large[0].packing == .zstd)
    }

    @Test("asks for a base heap once")
    func asksOnce() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        _ = try await commit([Self.snapshot(1), Self.snapshot(2)], to: name, in: test.heaps)
        var asked = test.heaps.baseWanted.makeAsyncIterator()
        #expect(await asked.next() != nil)
        try await test.heaps.adoptBase(Self.snapshot(0), of: .ours)
        #expect(test.heaps.shelf.base(of: .ours) != nil)
    }

    @Test("keeps what is needed to unpack what is kept", arguments: StorageUnderTest.ours)
    func collection(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        try await test.heaps.adoptBase(Self.snapshot(0), of: .ours)
        let records = try await commit(
            (1...5).map { Self.snapshot($0) }, to: name, in: test.heaps)
        test.clock.advance(.seconds(7200))
        var policy = RetentionPolicy()
        policy.versionCountPerHeap = 1
        _ = try await test.heaps.collectGarbage(policy)
        let loaded = try await test.other.load(records[4].version, for: .ours)
        #expect(loaded.snapshot == Self.snapshot(5))
        #expect(try await test.heaps.check(.snapshots, onDamage: .report).problems == [])
        // With the last that needs it, it goes.
        _ = try await test.heaps.delete(name)
        // A service of S3 removes at the second collection what the first one marked.
        for _ in 1...2 {
            test.clock.advance(.seconds(7200))
            _ = try await test.heaps.collectGarbage(policy)
        }
        #expect(try await test.heaps.check(.records, onDamage: .report).versionCount == 0)
    }

    @Test("keeps for the grace time all that an undone version needs")
    func collectionAfterUndo() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let records = try await commit(
            (1...4).map { Self.snapshot($0) }, to: name, in: test.heaps)
        test.clock.advance(.seconds(7200))
        _ = try await test.other.fork(
            .version(records[0].version), to: name, ifTaken: .replace)
        var policy = RetentionPolicy()
        policy.versionCountPerHeap = 1
        let report = try await test.other.collectGarbage(policy)
        // Each once, though they are packed behind each other.
        #expect((report.keptCount, report.youngCount, report.removedCount) == (1, 3, 0))
        let regretted = try await test.other.load(records[3].version, for: .ours)
        #expect(regretted.snapshot == Self.snapshot(4))
    }

    @Test("packs behind nothing that was collected")
    func goneBase() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        try await test.heaps.adoptBase(Self.snapshot(0), of: .ours)
        test.clock.advance(.seconds(7200))
        _ = try await test.other.collectGarbage()
        let record = try await commit([Self.snapshot(1)], to: name, in: test.heaps)[0]
        #expect(record.packing == .zstd)
        #expect(test.heaps.shelf.base(of: .ours) == nil)
    }

    @Test("says which version is missing, and reports it")
    func missingPrefix() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let records = try await commit(
            [Self.snapshot(1), Self.snapshot(2)], to: name, in: test.heaps)
        try await test.overwrite(.version(records[0].version)) { _ in nil }
        let error = HeapError.damaged(
            .version(records[1].version), .prefixMissing(records[0].version))
        await #expect(throws: error) {
            try await test.other.load(records[1].version, for: .ours)
        }
        for depth in [CheckDepth.records, .snapshots] {
            let report = try await test.other.check(depth, onDamage: .setAside)
            #expect(report.problems.map(\.error) == [error])
            #expect(report.problems.allSatisfy { !$0.isSetAside })
        }
    }

    @Test("exports what can be imported without anything beside it")
    func export() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let records = try await commit(
            (1...3).map { Self.snapshot($0) }, to: name, in: test.heaps)
        let file = MemoryFile()
        _ = try await test.other.export(.head(name), .version) { file.append($0) }
        let elsewhere = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let archive = try HeapArchiveReader(snapshotByteCountMax: 1 << 20) { file.read($0) }
        _ = try await elsewhere.heaps.store(archive, as: name, ifTaken: .refuse)
        let found = try await elsewhere.heaps.load(records[2].version, for: .ours)
        #expect(found.snapshot == Self.snapshot(3))
    }
}
