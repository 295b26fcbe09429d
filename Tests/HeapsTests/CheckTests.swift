import Testing

@testable import Heaps

@Suite("Checking", .timeLimit(.minutes(5)))
struct CheckTests {
    private let name: HeapName

    init() throws {
        name = try HeapName("Counter")
    }

    /// What can happen to stored bytes.
    enum Damage: CaseIterable {
        case empty
        case firstByte
        case record
        case lastByte
        case endMissing
        case bytesAdded
        case anothers

        func apply(to bytes: [UInt8], another: [UInt8]) -> [UInt8] {
            var bytes = bytes
            switch self {
            case .empty: return []
            case .firstByte: bytes[0] ^= 1
            case .record: bytes[70] ^= 1
            case .lastByte: bytes[bytes.count - 1] ^= 1
            case .endMissing: bytes.removeLast()
            case .bytesAdded: bytes.append(0)
            case .anothers: return another
            }
            return bytes
        }
    }

    @Test("finds nothing where all is well", arguments: StorageUnderTest.all)
    func sound(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        _ = try await test.commit(3, to: name)
        let report = try await test.heaps.check(.snapshots, onDamage: .setAside)
        #expect(report.problems == [])
        #expect((report.headCount, report.versionCount) == (1, 3))
        #expect(report.byteCount > 500)
    }

    @Test("finds a damaged version", arguments: StorageUnderTest.all, Damage.allCases)
    func damagedVersion(_ storage: StorageUnderTest, _ damage: Damage) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(3, to: name)
        let other = try await test.heaps.envelope(of: versions[0]).bytes
        let key = StorageKey.version(versions[1])
        try await test.overwrite(key) { damage.apply(to: $0, another: other) }

        let found = try await test.heaps.check(.snapshots, onDamage: .report)
        #expect(found.problems.map(\.key) == [key])
        #expect(found.problems.first?.description.hasPrefix(key.path) == true)
        // The snapshot's own bytes are looked at only where that is asked for.
        let quick = try await test.heaps.check(.records, onDamage: .report)
        #expect(quick.problems.count == (damage == .lastByte ? 0 : 1))

        let moved = try await test.heaps.check(.snapshots, onDamage: .setAside)
        #expect(moved.problems.map(\.isSetAside) == [true])
        #expect(try await test.heaps.check(.snapshots, onDamage: .report).problems == [])
        #expect(try await test.heaps.history(of: .head(name), limit: 9).end == .notKept)
    }

    @Test("finds a damaged head", arguments: StorageUnderTest.all, Damage.allCases)
    func damagedHead(_ storage: StorageUnderTest, _ damage: Damage) async throws {
        let test = try await RepositoryUnderTest(storage)
        _ = try await test.commit(1, to: name)
        let another = StorageKey.head(try HeapName("another"))
        _ = try await test.heaps.fork(.head(name), to: HeapName("another"), ifTaken: .refuse)
        let other = try #require(try await test.storage.get(another, byteCountMax: 999)).bytes
        let key = StorageKey.head(name)
        try await test.overwrite(key) { damage.apply(to: $0, another: other) }
        let found = try await test.heaps.check(.records, onDamage: .setAside)
        #expect(found.problems.map(\.key) == [key])
        #expect(found.problems.map(\.isSetAside) == [true])
        #expect(try await test.heaps.head(of: name) == nil)
    }

    @Test("finds a head whose version is gone and leaves the head", arguments: StorageUnderTest.all)
    func danglingHead(_ storage: StorageUnderTest) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(2, to: name)
        try await test.overwrite(.version(versions[1])) { _ in nil }
        let found = try await test.heaps.check(.records, onDamage: .setAside)
        #expect(
            found.problems == [
                HeapProblem(key: .head(name), error: .versionNotFound(versions[1]))
            ])
        _ = try await test.heaps.fork(.version(versions[0]), to: name, ifTaken: .replace)
        #expect(try await test.heaps.check(.snapshots, onDamage: .report).problems == [])
    }

    @Test("moves no version of a later format", arguments: StorageUnderTest.all, [8, 10])
    func laterFormat(_ storage: StorageUnderTest, offset: Int) async throws {
        let test = try await RepositoryUnderTest(storage)
        let versions = try await test.commit(1, to: name)
        try await test.overwrite(.version(versions[0])) { bytes in
            var bytes = bytes
            bytes[offset] = 77
            return bytes
        }
        let found = try await test.heaps.check(.snapshots, onDamage: .setAside)
        #expect(found.problems.map(\.isSetAside) == [false])
        #expect(try await test.stored(versions) == versions)
    }
}
