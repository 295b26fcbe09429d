import Testing

@testable import Heaps

@Suite("Garbage collection", .timeLimit(.minutes(5)))
struct CollectionTests {
    private let name: HeapName
    private let fork: HeapName

    init() throws {
        name = try HeapName("Counter")
        fork = try HeapName("a-fork")
    }

    private func policy(keeping count: Int, removalCountMax: Int = .max) -> RetentionPolicy {
        var policy = RetentionPolicy()
        policy.versionCountPerHeap = count
        policy.removalCountMax = removalCountMax
        return policy
    }

    @Test(
        "keeps the newest versions of a heap", arguments: StorageUnderTest.atOnce,
        [1, 2, 4, 5, 50])
    func keepsNewest(_ storage: StorageUnderTest, count: Int) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(5, to: name)
        let report = try await test.heaps.collectGarbage(policy(keeping: count))
        let kept = Array(versions.suffix(count))
        #expect(try await test.stored(versions) == kept)
        #expect(report.keptCount == kept.count)
        #expect(report.removedCount == 5 - kept.count)
        #expect(try await test.heaps.load(versions[4], for: .ours).snapshot.count == 50)
        let history = try await test.heaps.history(of: .head(name), limit: 9)
        #expect(history.records.count == kept.count)
        #expect(history.end == (count < 5 ? .notKept : .firstRun))
    }

    @Test(
        "keeps the base heap behind which servers pack just now, however short the grace time",
        arguments: StorageUnderTest.atOnce, [0, 100, 119] as [Int64])
    func keepsBaseInUse(_ storage: StorageUnderTest, age: Int64) async throws {
        let test = try await RepositoryUnderTest(storage)
        let base = snapshotBytes(20_000, seed: 1)
        try await test.heaps.adoptBase(base, of: .ours)
        test.clock.advance(.seconds(age))
        var policy = policy(keeping: 1)
        policy.grace = .seconds(0)
        _ = try await test.other.collectGarbage(policy)
        var snapshot = base
        snapshot[9] ^= 1
        let head = try await test.heaps.commit(
            snapshot, to: name, replacing: nil, by: .example())
        _ = try await test.other.collectGarbage(policy)
        #expect(try await test.other.load(head.version, for: .ours).snapshot == snapshot)
        _ = try await test.heaps.delete(name)
        test.clock.advance(.seconds(7200))
        _ = try await test.other.collectGarbage(policy)
        #expect(try await test.stored([head.version]) == [])
    }

    @Test("only counts where it is told to", arguments: StorageUnderTest.atOnce)
    func counts(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(3, to: name)
        let counted = try await test.heaps.collectGarbage(policy(keeping: 1), .count)
        #expect(try await test.stored(versions) == versions)
        #expect(try await test.heaps.collectGarbage(policy(keeping: 1)) == counted)
        #expect(counted.removedByteCount > 200)
    }

    @Test("keeps every version that a name points at", arguments: StorageUnderTest.atOnce)
    func keepsForks(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(5, to: name)
        _ = try await test.heaps.fork(.version(versions[1]), to: fork, ifTaken: .refuse)
        test.clock.advance(.seconds(7200))
        let report = try await test.heaps.collectGarbage(policy(keeping: 1))
        #expect(try await test.stored(versions) == [versions[1], versions[4]])
        #expect(report.heapCount == 2)
    }

    @Test("keeps what a deleted heap was for the grace time", arguments: StorageUnderTest.atOnce)
    func keepsDeleted(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(2, to: name)
        _ = try await test.heaps.delete(name)
        _ = try await test.heaps.collectGarbage()
        #expect(try await test.stored(versions) == [versions[1]])
        test.clock.advance(.seconds(3601))
        _ = try await test.heaps.collectGarbage()
        #expect(try await test.stored(versions) == [])
    }

    @Test("keeps what an undo left for the grace time", arguments: StorageUnderTest.atOnce)
    func keepsUndone(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(2, to: name)
        _ = try await test.heaps.fork(.version(versions[0]), to: name, ifTaken: .replace)
        _ = try await test.heaps.collectGarbage()
        #expect(try await test.stored(versions) == versions)
        test.clock.advance(.seconds(3601))
        _ = try await test.heaps.collectGarbage()
        #expect(try await test.stored(versions) == [versions[0]])
    }

    @Test("removes no more at once than it may", arguments: StorageUnderTest.atOnce)
    func bounded(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(6, to: name)
        let policy = policy(keeping: 1, removalCountMax: 3)
        let report = try await test.heaps.collectGarbage(policy)
        #expect((report.removedCount, report.postponedCount) == (3, 2))
        _ = try await test.heaps.collectGarbage(policy)
        #expect(try await test.stored(versions) == [versions[5]])
    }

    @Test("is given up with its task, and then removes nothing", arguments: StorageUnderTest.atOnce)
    func cancelled(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(3, to: name)
        let collection = Task { [policy = policy(keeping: 1)] in
            withUnsafeCurrentTask { task in unsafe task?.cancel() }
            return try await test.heaps.collectGarbage(policy)
        }
        await #expect(throws: HeapError.self) { try await collection.value }
        #expect(try await test.stored(versions) == versions)
    }

    @Test("removes nothing while a heap cannot be followed", arguments: StorageUnderTest.atOnce)
    func refusesDamage(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(4, to: name)
        let damages: [(StorageKey, ([UInt8]) -> [UInt8]?)] = [
            (.head(name), { Array($0.dropLast()) }),
            (.version(versions[2]), { $0.map { $0 ^ 1 } }),
            (.version(versions[3]), { _ in nil }),
        ]
        for (key, damage) in damages {
            try await test.overwrite(key, damage)
            let stored = try await test.stored(versions)
            await #expect(throws: HeapError.self) {
                try await test.heaps.collectGarbage(policy(keeping: 3))
            }
            #expect(try await test.stored(versions) == stored)
        }
    }
}

// MARK: - While others work

extension CollectionTests {
    @Test(
        "spares a commit that has stored its version and not moved the head",
        arguments: StorageUnderTest.atOnce)
    func commitDuringCollection(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        test.storage.before(.replace) { [other = test.other, policy = policy(keeping: 1)] in
            let report = try await other.collectGarbage(policy)
            #expect(report.youngCount == 1)
        }
        let head = try await test.heaps.commit([1], to: name, replacing: nil, by: .example())
        #expect(try await test.heaps.load(head.version, for: .ours).snapshot == [1])
    }

    @Test(
        "spares an old version that is forked at the last moment",
        arguments: StorageUnderTest.atOnce,
        [.listOfHeads, .listOfVersions, .delete] as [InterceptedStorage.Moment])
    func forkDuringCollection(
        _ storage: StorageUnderTest, _ moment: InterceptedStorage.Moment
    ) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(2, to: name)
        test.storage.before(moment) { [other = test.other, fork] in
            _ = try await other.fork(.version(versions[0]), to: fork, ifTaken: .refuse)
        }
        _ = try await test.heaps.collectGarbage(policy(keeping: 1))
        #expect(try await test.stored(versions) == versions)
        #expect(try await test.other.resolve(.head(fork)).version == versions[0])
    }

    @Test("lets a fork come too late, and says so", arguments: StorageUnderTest.atOnce)
    func forkAfterCollection(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(2, to: name)
        let record = try await test.other.resolve(.version(versions[0]))
        _ = try await test.heaps.collectGarbage(policy(keeping: 1))
        await #expect(throws: HeapError.versionNotFound(versions[0])) {
            try await test.other.point(fork, at: record, replacing: nil)
        }
        #expect(try await test.other.head(of: fork) == nil)
    }

    @Test(
        "does not lose a heap that gets another name while heaps are listed",
        arguments: StorageUnderTest.atOnce)
    func renameDuringCollection(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(3, to: name)
        test.storage.before(.listOfVersions) { [other = test.other, name, fork] in
            _ = try await other.fork(.head(name), to: fork, ifTaken: .refuse)
            _ = try await other.delete(name)
        }
        _ = try await test.heaps.collectGarbage()
        #expect(try await test.stored(versions) == versions)
        #expect(try await test.other.history(of: .head(fork), limit: 9).records.count == 3)
    }

    @Test("goes on when a heap moves while it is followed", arguments: StorageUnderTest.atOnce)
    func moveDuringCollection(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(3, to: name)
        test.storage.before(.listOfVersions) { [other = test.other, name] in
            let head = try await other.head(of: name)
            _ = try await other.commit(
                [9], to: name, replacing: head, by: .example(runNumber: 4))
        }
        _ = try await test.heaps.collectGarbage(policy(keeping: 1))
        let head = try #require(try await test.other.head(of: name))
        #expect(head.runNumber == 4)
        // The run before was needed when the collection began.
        #expect(try await test.stored(versions + [head.version]) == [versions[2], head.version])
    }

    @Test("stores a version anew that is collected under its second writer")
    func createDuringCollection() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.atOnce[0])
        let head = try await test.other.commit([1], to: name, replacing: nil, by: .example())
        _ = try await test.other.delete(name)
        let again = try await test.heaps.commit([1], to: name, replacing: nil, by: .example())
        #expect(again.version == head.version)
        test.clock.advance(.seconds(3500))
        _ = try await test.other.collectGarbage()
        #expect(try await test.heaps.load(again.version, for: .ours).snapshot == [1])
    }
}
