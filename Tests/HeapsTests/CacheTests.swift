import Foundation
import Synchronization
import Testing

@testable import Heaps

@Suite("Cache", .timeLimit(.minutes(5)))
struct CacheTests {
    private let place: TemporaryDirectory
    private let clock = FakeClock()
    private let far = CountingStorage(InMemoryHeapStorage(byteCountMax: 1 << 30, logger: .silent))

    init() throws { place = try TemporaryDirectory() }

    private func cache(byteCountMax: Int = 1 << 20) async throws -> CachedHeapStorage {
        try await CachedHeapStorage(
            inFrontOf: far, directoryPath: place.path, byteCountMax: byteCountMax,
            now: { [clock] in clock.now })
    }

    private func file(of key: StorageKey) -> URL {
        URL(fileURLWithPath: place.path)
            .appendingPathComponent("objects/\(key.name.prefix(2))/\(key.name)")
    }

    @Test("answers from what was written and from what was read")
    func hits() async throws {
        let key = StorageKey.version(try .example(1))
        let one = try await cache()
        _ = try await one.create(key, [1, 2, 3])
        #expect(try await one.get(key, byteCountMax: 9)?.bytes == [1, 2, 3])
        // Another process on the same folder.
        let other = try await cache()
        #expect(try await other.get(key, byteCountMax: 9)?.bytes == [1, 2, 3])
        #expect(far.getCount == 0)
        try FileManager.default.removeItem(at: file(of: key))
        for _ in 0..<2 { #expect(try await one.get(key, byteCountMax: 9)?.bytes == [1, 2, 3]) }
        #expect(far.getCount == 1)
        #expect(one.statistics.hitCount == 2 && one.statistics.missCount == 1)
    }

    @Test("never answers for a head")
    func heads() async throws {
        let key = StorageKey.head(try HeapName("a"))
        let cache = try await cache()
        _ = try await cache.replace(key, with: [1], expecting: nil)
        for _ in 0..<2 { #expect(try await cache.get(key, byteCountMax: 9)?.bytes == [1]) }
        #expect(far.getCount == 2)
    }

    @Test("fetches again what is not as it was written", arguments: [0, 40, 10_000, -1])
    func damage(_ position: Int) async throws {
        let key = StorageKey.version(try .example(1))
        let bytes = snapshotBytes(20_000)
        let cache = try await cache()
        _ = try await cache.create(key, bytes)
        var content = try Data(contentsOf: file(of: key))
        if position < 0 { content.removeLast(5000) } else { content[position] ^= 1 }
        try content.write(to: file(of: key))
        #expect(try await cache.get(key, byteCountMax: 1 << 20)?.bytes == bytes)
        #expect(far.getCount == 1)
        #expect(try await cache.get(key, byteCountMax: 1 << 20)?.bytes == bytes)
        #expect(far.getCount == 1)
    }

    @Test("stays within its limit and keeps what was used last")
    func eviction() async throws {
        let limit = 100_000
        let cache = try await cache(byteCountMax: limit)
        let first = StorageKey.version(try .example(0))
        for number in 0..<60 as Range<UInt8> {
            _ = try await cache.create(.version(try .example(number)), snapshotBytes(5000))
            clock.advance(.seconds(100))
            #expect(try await cache.get(first, byteCountMax: 5000) != nil)
        }
        let files = FileManager.default.subpaths(atPath: place.path)?.filter { $0.count > 60 } ?? []
        #expect(files.count <= limit / 5000 && files.count > 10)
        #expect(far.getCount == 0)
        #expect(cache.statistics.evictionCount >= 40)
        #expect(cache.statistics.byteCount <= limit)
        // What is too large for the folder goes past it.
        let large = StorageKey.version(try .example(200))
        _ = try await cache.create(large, snapshotBytes(limit / 2))
        #expect(!FileManager.default.fileExists(atPath: file(of: large).path))
    }

    @Test("downloads once what many ask for at the same time")
    func singleFlight() async throws {
        let key = StorageKey.version(try .example(1))
        _ = try await far.create(key, [1, 2, 3])
        let cache = try await cache()
        far.isHolding.withLock { $0 = true }
        let found = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<20 {
                group.addTask { try await cache.get(key, byteCountMax: 9)?.bytes }
            }
            group.addTask { [far] in
                // Held until all have had the time to ask.
                for _ in 0..<2000 { await Task.yield() }
                far.isHolding.withLock { $0 = false }
                return [1, 2, 3]
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found.count == 21 && found.allSatisfy { $0 == [1, 2, 3] })
        #expect(far.getCount < 20)
    }

    @Test("forgets what was removed")
    func removal() async throws {
        let key = StorageKey.version(try .example(1))
        let cache = try await cache()
        _ = try await cache.create(key, [1])
        _ = try await cache.delete(key, if: .always)
        #expect(try await cache.get(key, byteCountMax: 9) == nil)
        _ = try await cache.create(key, [2])
        #expect(try await cache.get(key, byteCountMax: 9)?.bytes == [2])
    }

    @Test("takes no folder that is something else")
    func foreignFolder() async throws {
        try Data().write(to: URL(fileURLWithPath: place.path).appendingPathComponent("thesis.tex"))
        await #expect(throws: HeapError.self) { try await cache() }
    }
}

/// A storage that counts reads of objects, and holds them back while it is told to.
private final class CountingStorage: HeapStorage {
    let isHolding = Mutex(false)
    private let storage: any HeapStorage
    private let count = Mutex(0)

    init(_ storage: any HeapStorage) { self.storage = storage }

    var getCount: Int { count.withLock { $0 } }

    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject? {
        count.withLock { $0 += 1 }
        while isHolding.withLock({ $0 }) { await Task.yield() }
        return try await storage.get(key, byteCountMax: byteCountMax)
    }

    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await storage.getBeginning(of: key, byteCountMax: byteCountMax)
    }

    func create(_ key: StorageKey, _ bytes: [UInt8]) async throws(HeapError) -> CreateOutcome {
        try await storage.create(key, bytes)
    }

    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        try await storage.replace(key, with: bytes, expecting: tag)
    }

    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await storage.delete(key, if: condition)
    }

    func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await storage.refresh(key)
    }

    func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await storage.setAside(key)
    }

    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await storage.list(folder, prefix: prefix, after: after, limit: limit)
    }
}
