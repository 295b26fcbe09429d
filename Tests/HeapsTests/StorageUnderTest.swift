import Testing

@testable import Heaps

/// A storage that the contract is held against; a new one joins by one line in ``all``.
struct StorageUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens an empty place twice, as two servers would.
    private let open: @Sendable (@escaping @Sendable () -> WallTime) async throws -> Opened

    struct Opened {
        let one: any HeapStorage
        let other: any HeapStorage
        /// What has to be held for as long as the storages are used.
        var place: (any Sendable)?
    }

    private init(
        testDescription: String,
        open: @escaping @Sendable (@escaping @Sendable () -> WallTime) async throws -> Opened
    ) {
        self.testDescription = testDescription
        self.open = open
    }

    func openTwice(
        now: @escaping @Sendable () -> WallTime = WallTime.now
    ) async throws -> Opened {
        try await open(now)
    }

    static let all = [
        StorageUnderTest(testDescription: "memory") { now in
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, now: now, logger: .silent)
            return Opened(one: storage, other: storage)
        },
        StorageUnderTest(testDescription: "files") { now in
            let place = try TemporaryDirectory()
            return Opened(
                one: try await FileHeapStorage(directoryPath: place.path, now: now),
                other: try await FileHeapStorage(directoryPath: place.path, now: now), place: place)
        },
        StorageUnderTest(testDescription: "memory with a cache") { now in
            let place = try TemporaryDirectory()
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, now: now, logger: .silent)
            let cached = try await CachedHeapStorage(
                inFrontOf: storage, directoryPath: place.path, byteCountMax: 1 << 20)
            return Opened(one: cached, other: cached, place: place)
        },
        StorageUnderTest(testDescription: "any, of memory") { now in
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, now: now, logger: .silent)
            return Opened(one: AnyHeapStorage.inMemory(storage), other: storage)
        },
    ]
}
