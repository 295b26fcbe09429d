import Testing

@testable import Heaps

/// A storage that the contract is held against; a new one joins by one line in ``all``.
struct StorageUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens an empty place twice, as two servers would.
    let openTwice: @Sendable () async throws -> Opened

    struct Opened {
        let one: any HeapStorage
        let other: any HeapStorage
        /// What has to be held for as long as the storages are used.
        var place: (any Sendable)?
    }

    static let all = [
        StorageUnderTest(testDescription: "memory") {
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, logger: .silent)
            return Opened(one: storage, other: storage)
        },
        StorageUnderTest(testDescription: "files") {
            let place = try TemporaryDirectory()
            return Opened(
                one: try await FileHeapStorage(directoryPath: place.path),
                other: try await FileHeapStorage(directoryPath: place.path), place: place)
        },
        StorageUnderTest(testDescription: "any, of memory") {
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, logger: .silent)
            return Opened(one: AnyHeapStorage.inMemory(storage), other: storage)
        },
    ]
}
