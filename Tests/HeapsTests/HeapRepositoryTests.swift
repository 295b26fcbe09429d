import Logging
import Testing
import WorkerProtocol

@testable import Heaps

@Suite("Heap repository", .timeLimit(.minutes(5)))
struct HeapRepositoryTests {
    private let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, logger: .silent)
    private let heaps: HeapRepository
    private let name: HeapName

    init() throws {
        heaps = Self.repository(storage)
        name = try HeapName("Counter")
    }

    private static func repository(
        _ storage: any HeapStorage, snapshotByteCountMax: Int = 1 << 20
    ) -> HeapRepository {
        HeapRepository(
            storage: storage, snapshotByteCountMax: snapshotByteCountMax, now: { .example },
            logger: .silent)
    }

    /// Commits a row of runs, each on the one before.
    private func commit(_ count: Int, to name: HeapName) async throws -> [HeapHead] {
        var heads: [HeapHead] = []
        for number in 1...count {
            heads.append(
                try await heaps.commit(
                    snapshotBytes(50, seed: UInt64(number)), to: name, replacing: heads.last,
                    by: .example("run(\(number))", runNumber: UInt32(number))))
        }
        return heads
    }

    @Test("finds no heap where there is none")
    func absent() async throws {
        #expect(try await heaps.head(of: name) == nil)
    }

    @Test("returns what was committed last")
    func commits() async throws {
        let heads = try await commit(2, to: name)
        let head = try #require(try await heaps.head(of: name))
        #expect(head == heads[1])
        #expect((head.generation, head.runNumber) == (2, 2))
        let loaded = try await heaps.load(head.version, for: .ours)
        #expect(loaded.snapshot == snapshotBytes(50, seed: 2))
        #expect(loaded.record.parent == heads[0].version)
        #expect(loaded.record.codeFirstLine == "run(2)")
    }

    @Test("keeps heaps in files from one start to the next")
    func restart() async throws {
        let place = try TemporaryDirectory()
        let before = Self.repository(try await FileHeapStorage(directoryPath: place.path))
        let head = try await before.commit([1, 2], to: name, replacing: nil, by: .example())
        let after = Self.repository(try await FileHeapStorage(directoryPath: place.path))
        #expect(try await after.head(of: name) == head)
        #expect(try await after.load(head.version, for: .ours).snapshot == [1, 2])
    }

    @Test("tells the loser of a race where the head is and keeps its version")
    func conflict() async throws {
        let heads = try await commit(2, to: name)
        let error = await #expect(throws: HeapError.self) {
            try await heaps.commit(
                [9], to: name, replacing: heads[0], by: .example(runNumber: 2))
        }
        guard case .conflict(let conflict) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(conflict.expected == heads[0].version)
        #expect(conflict.actual == heads[1])
        let kept = try #require(conflict.kept)
        #expect(try await heaps.load(kept, for: .ours).snapshot == [9])
        #expect(try await heaps.head(of: name) == heads[1])
    }

    @Test("does not make a heap that exists already")
    func conflictOfCreation() async throws {
        _ = try await commit(1, to: name)
        await #expect(throws: HeapError.self) {
            try await heaps.commit([9], to: name, replacing: nil, by: .example())
        }
    }

    @Test("does not accept a head that has been away and come back")
    func awayAndBack() async throws {
        let heads = try await commit(2, to: name)
        let first = try await heaps.resolve(.version(heads[0].version))
        let back = try await heaps.point(name, at: first, replacing: heads[1])
        #expect(back.version == heads[0].version)
        await #expect(throws: HeapError.self) {
            try await heaps.commit([9], to: name, replacing: heads[0], by: .example())
        }
    }

    @Test("commits the same run again without harm")
    func repeatedVersion() async throws {
        let head = try await heaps.commit([1], to: name, replacing: nil, by: .example())
        _ = try await heaps.delete(name)
        let again = try await heaps.commit([1], to: name, replacing: nil, by: .example())
        #expect(again.version == head.version)
    }

    @Test("does not take damaged bytes for a version that is there already")
    func repeatedDamagedVersion() async throws {
        let head = try await heaps.commit([1], to: name, replacing: nil, by: .example())
        _ = try await heaps.delete(name)
        let key = StorageKey.version(head.version)
        _ = try await storage.delete(key, if: .always)
        _ = try await storage.create(key, [0])
        await #expect(throws: HeapError.damaged(key, .unknownMagic)) {
            try await heaps.commit([1], to: name, replacing: nil, by: .example())
        }
    }

    @Test("gives a snapshot to no other engine and names both")
    func incompatible() async throws {
        let head = try await heaps.commit([1], to: name, replacing: nil, by: .example())
        var other = EngineIdentity.ours
        other.mode = .jitless
        let error = await #expect(throws: HeapError.self) {
            try await heaps.load(head.version, for: other)
        }
        #expect(error == .incompatible(head.version, snapshot: .ours, running: other))
        #expect(error?.description.contains("jitless") == true)
        #expect(error?.description.contains("jit, ") == true)
    }

    @Test("takes a snapshot at the limit and none past it")
    func snapshotLimit() async throws {
        let heaps = Self.repository(storage, snapshotByteCountMax: 100)
        let random = (0..<101).map { _ in UInt8.random(in: 0...255) }
        let head = try await heaps.commit(
            Array(random.prefix(100)), to: name, replacing: nil, by: .example())
        #expect(try await heaps.load(head.version, for: .ours).snapshot.count == 100)
        await #expect(throws: HeapError.snapshotTooLarge(byteCount: 101, limit: 100)) {
            try await heaps.commit(random, to: name, replacing: head, by: .example())
        }
    }

    @Test("finds versions by every kind of reference")
    func resolves() async throws {
        let heads = try await commit(3, to: name)
        let middle = heads[1].version
        let references: [HeapReference] = [
            .version(middle), .inHistory(of: name, prefix: String(middle.text.prefix(8))),
            .inHistory(of: name, prefix: middle.text),
        ]
        for reference in references {
            #expect(try await heaps.resolve(reference).version == middle)
        }
        #expect(try await heaps.resolve(.head(name)).version == heads[2].version)
    }

    @Test("says which heaps exist if one does not")
    func heapNotFound() async throws {
        let other = try HeapName("other")
        await #expect(throws: HeapError.heapNotFound(other, existing: [])) {
            try await heaps.resolve(.head(other))
        }
        _ = try await commit(1, to: name)
        await #expect(throws: HeapError.heapNotFound(other, existing: [name])) {
            try await heaps.history(of: .head(other), limit: 5)
        }
    }

    @Test("says which versions exist if one does not")
    func versionNotFound() async throws {
        let heads = try await commit(2, to: name)
        let newest = [heads[1].version, heads[0].version]
        await #expect(
            throws: HeapError.versionNotInHistory(of: name, prefix: "00000000", newest: newest)
        ) {
            try await heaps.resolve(.inHistory(of: name, prefix: "00000000"))
        }
        let unknown = try HeapVersion.example(1)
        await #expect(throws: HeapError.versionNotFound(unknown)) {
            try await heaps.load(unknown, for: .ours)
        }
    }

    @Test("names the versions that a prefix may mean")
    func ambiguous() async throws {
        let heads = try await commit(2, to: name)
        let matches = [heads[1].version, heads[0].version]
        // Shorter than a client may give: two digests that start alike are not to be had.
        await #expect(
            throws: HeapError.ambiguousVersion(of: name, prefix: "", matches: matches)
        ) {
            try await heaps.resolve(.inHistory(of: name, prefix: ""))
        }
    }

    @Test(
        "follows a history as far as it is kept",
        arguments: [(1, 1, .limit), (3, 3, .limit), (4, 4, .notKept), (9, 4, .notKept)]
            as [(Int, Int, HeapHistory.End)])
    func history(_ example: (limit: Int, count: Int, end: HeapHistory.End)) async throws {
        let heads = try await commit(5, to: name)
        _ = try await storage.delete(.version(heads[0].version), if: .always)
        let history = try await heaps.history(of: .head(name), limit: example.limit)
        let expected = heads.reversed().prefix(example.count).map(\.version)
        #expect(history.records.map(\.version) == expected)
        #expect(history.end == example.end)
    }

    @Test("follows a history to the heap's first run, from any version", arguments: [2, 9])
    func wholeHistory(_ limit: Int) async throws {
        let heads = try await commit(3, to: name)
        let history = try await heaps.history(of: .version(heads[1].version), limit: limit)
        #expect(history.records.map(\.version) == [heads[1].version, heads[0].version])
        #expect(history.end == .firstRun)
    }

    @Test("forks a version under a new name and copies nothing")
    func fork() async throws {
        let head = try await commit(1, to: name)[0]
        let byteCount = storage.byteCount
        let record = try await heaps.resolve(.head(name))
        let fork = try await heaps.point(try HeapName("Fork"), at: record, replacing: nil)
        #expect(fork.version == head.version)
        #expect(storage.byteCount - byteCount < 1000)
    }

    @Test("leaves a heap alone that a fork is not to replace")
    func forkOfTakenName() async throws {
        let heads = try await commit(2, to: name)
        let old = HeapReference.version(heads[0].version)
        await #expect(throws: HeapError.heapExists(heads[1])) {
            try await heaps.fork(old, to: name, ifTaken: .refuse)
        }
        let move = try await heaps.fork(old, to: name, ifTaken: .replace)
        #expect(move.replaced == heads[1])
        #expect(move.head.version == heads[0].version)
        #expect(try await heaps.head(of: name) == move.head)
    }

    @Test("points no name at a version that was collected")
    func forkOfCollectedVersion() async throws {
        let heads = try await commit(1, to: name)
        let record = try await heaps.resolve(.head(name))
        _ = try await storage.delete(.version(record.version), if: .always)
        await #expect(throws: HeapError.versionNotFound(record.version)) {
            try await heaps.point(name, at: record, replacing: heads[0])
        }
        #expect(try await heaps.head(of: name) == heads[0])
    }

    @Test("lists heaps whose names start so, page by page", arguments: [1, 2, 10])
    func lists(_ limit: Int) async throws {
        for name in ["beta", "Alpha", "alpha", "alto"] {
            _ = try await heaps.commit(
                [1], to: try HeapName(name), replacing: nil, by: .example())
        }
        var names: [String] = []
        var after: HeapName?
        repeat {
            let page = try await heaps.list(prefix: "al", after: after, limit: limit)
            names += page.heads.map(\.name.text)
            after = page.next
        } while after != nil
        #expect(names == ["alpha", "alto"])
    }

    @Test("deletes a name and keeps its versions")
    func deletes() async throws {
        let head = try await commit(1, to: name)[0]
        #expect(try await heaps.delete(name) == head)
        #expect(try await heaps.head(of: name) == nil)
        #expect(try await heaps.load(head.version, for: .ours).snapshot.count == 50)
        await #expect(throws: HeapError.heapNotFound(name, existing: [])) {
            try await heaps.delete(name)
        }
    }

    @Test("lists a damaged head as such, in its place among the others")
    func listsDamagedHeads() async throws {
        for name in ["a", "b", "c"] {
            _ = try await heaps.commit(
                [1], to: try HeapName(name), replacing: nil, by: .example())
        }
        let key = StorageKey.head(try HeapName("b"))
        let tag = try await storage.get(key, byteCountMax: 999)?.tag
        _ = try await storage.replace(key, with: [1, 2], expecting: tag)
        let page = try await heaps.list(prefix: "", after: nil, limit: 10)
        #expect(page.entries.count == 3)
        let damaged = try HeapName("b")
        #expect(page.entries[1] == .damaged(damaged, .unknownMagic))
        #expect(page.heads.map(\.name.text) == ["a", "c"])
    }

    @Test("finds by its first digits a version that an undo left behind")
    func leftByUndo() async throws {
        let heads = try await commit(3, to: name)
        _ = try await heaps.fork(.version(heads[0].version), to: name, ifTaken: .replace)
        let left = heads[2].version
        let prefix = String(left.text.prefix(8))
        for reference in ["\(name)@\(prefix)", prefix, prefix.uppercased()] {
            #expect(try await heaps.resolve(HeapReference(reference)).version == left)
        }
        let found = try await heaps.history(of: HeapReference(prefix), limit: 9)
        #expect(found.records.map(\.version) == heads.reversed().map(\.version))
    }

    @Test("finds by its first digits a version of a heap that was deleted")
    func leftByDeletion() async throws {
        let version = try await commit(1, to: name)[0].version
        _ = try await heaps.delete(name)
        let reference = try HeapReference("\(name)@\(version.text.prefix(8))")
        let move = try await heaps.fork(reference, to: name, ifTaken: .refuse)
        #expect(move.head.version == version)
    }

    @Test("takes digits for a heap's name where there is such a heap")
    func nameOfDigits() async throws {
        let version = try await commit(1, to: name)[0].version
        let digits = try HeapName(String(version.text.prefix(8)))
        let other = try await heaps.commit([9], to: digits, replacing: nil, by: .example())
        #expect(try await heaps.resolve(.head(digits)).version == other.version)
        await #expect(throws: HeapError.self) {
            try await heaps.resolve(HeapReference("00000000"))
        }
    }

    @Test("refuses digits that several kept versions start with")
    func ambiguousDigits() async throws {
        let head = try await commit(1, to: name)[0]
        var text = head.version.text
        text.removeLast()
        text += head.version.text.last == "0" ? "1" : "0"
        let other = try HeapVersion(text)
        _ = try await storage.create(.version(other), [1])
        _ = try await heaps.delete(name)
        let digits = String(text.prefix(12))
        for reference in [digits, "\(name)@\(digits)"] {
            let error = await #expect(throws: HeapError.self) {
                try await heaps.resolve(HeapReference(reference))
            }
            guard case .ambiguousVersion(_, digits, let matches) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(Set(matches) == [head.version, other])
        }
    }

    @Test("moves no head that is given up just before")
    func givenUp() async throws {
        let head = try await commit(1, to: name)[0]
        let given = HeapError.storageBusy(path: "given up")
        await #expect(throws: given) {
            _ = try await heaps.commit([7], to: name, replacing: head, by: .example()) {
                () throws(HeapError) in throw given
            }
        }
        #expect(try await heaps.head(of: name) == head)
    }

    @Test("refuses a damaged head", arguments: [0, 8, 10, 20, 40, 100] as [Int])
    func damagedHead(_ index: Int) async throws {
        _ = try await commit(1, to: name)
        let key = StorageKey.head(name)
        let object = try #require(try await storage.get(key, byteCountMax: 999))
        var bytes = object.bytes
        bytes[index] ^= 1
        _ = try await storage.replace(key, with: bytes, expecting: object.tag)
        await #expect(throws: HeapError.self) { try await heaps.head(of: name) }
        _ = try await storage.delete(key, if: .always)
        let other = StorageKey.head(try HeapName("other"))
        _ = try await storage.replace(other, with: object.bytes, expecting: nil)
        await #expect(throws: HeapError.damaged(other, .versionMismatch)) {
            try await heaps.head(of: try HeapName("other"))
        }
    }
}
