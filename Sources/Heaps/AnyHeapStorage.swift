/// The storage that was chosen when the server started.
package enum AnyHeapStorage: HeapStorage {
    /// Heaps in memory.
    case inMemory(InMemoryHeapStorage)
    /// Heaps in files.
    case files(FileHeapStorage)
    /// Heaps far away, with copies in files.
    case cached(CachedHeapStorage)
    /// Heaps in a bucket.
    case s3(S3HeapStorage)

    private var chosen: any HeapStorage {
        switch self {
        case .inMemory(let storage): storage
        case .files(let storage): storage
        case .cached(let storage): storage
        case .s3(let storage): storage
        }
    }

    /// How often copies were of use, where there is a cache.
    package var cacheStatistics: CacheCounts? {
        if case .cached(let storage) = self { storage.statistics } else { nil }
    }

    /// Why nothing is written any more, until the server is restarted; nil as long as all is well.
    package var writeFailure: HeapError? {
        if case .files(let storage) = self { storage.writeFailure } else { nil }
    }

    /// Reads an object.
    package func get(
        _ key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredObject? {
        try await chosen.get(key, byteCountMax: byteCountMax)
    }

    /// Reads the first bytes of an object.
    package func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await chosen.getBeginning(of: key, byteCountMax: byteCountMax)
    }

    /// Stores a version unless there is an object.
    package func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        try await chosen.create(key, bytes)
    }

    /// Stores a head if the present one is the expected.
    package func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        try await chosen.replace(key, with: bytes, expecting: tag)
    }

    /// Removes an object.
    package func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await chosen.delete(key, if: condition)
    }

    /// Makes an object as young as one that is written now.
    package func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await chosen.refresh(key)
    }

    /// Moves an object to where only a person looks for it.
    package func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await chosen.setAside(key)
    }

    /// Lists keys in order.
    package func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await chosen.list(folder, prefix: prefix, after: after, limit: limit)
    }
}
