internal import Synchronization

/// A storage far away with copies of its versions in a folder nearby.
///
/// Versions never change, so that a copy is as good as what it was made of; heads are always asked
/// for. What is created is written far away first, then kept here. Processes may share a folder.
package final class CachedHeapStorage: HeapStorage {
    private typealias Download = Task<Result<StoredObject?, HeapError>, Never>

    private let storage: any HeapStorage
    private let folder: CacheFolder
    private let threads: StorageThreads
    private let downloads = Mutex<[StorageKey: Download]>([:])
    private let counts = Mutex(CacheCounts())

    /// Opens a folder, made if there is none.
    ///
    /// - Parameter byteCountMax: how many bytes the folder holds; each process may add a sixteenth
    ///   before it looks.
    /// - Throws: ``HeapError/storageRefused(path:_:)`` with what to do about it.
    package init(
        inFrontOf storage: any HeapStorage, directoryPath: String, byteCountMax: Int,
        threads: StorageThreads = StorageThreads(),
        now: @escaping @Sendable () -> WallTime = WallTime.now
    ) async throws(HeapError) {
        self.storage = storage
        let (folder, change) = try await threads.run(lane: "") { () throws(HeapError) in
            let folder = CacheFolder(
                operations: try SystemFileOperations(root: directoryPath),
                byteCountMax: byteCountMax, now: now)
            return (folder, try folder.prepare(location: directoryPath).get())
        }
        self.folder = folder
        self.threads = threads
        note(change)
    }

    /// How often copies were of use.
    package var statistics: CacheCounts { counts.withLock { $0 } }

    /// Reads an object, a version from its copy if there is one.
    ///
    /// Who asks for a version that is being read already waits for that.
    package func get(
        _ key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredObject? {
        guard key.folder == .versions else {
            return try await storage.get(key, byteCountMax: byteCountMax)
        }
        let download = downloads.withLock { downloads in
            if let running = downloads[key] { return running }
            let new = Download { await self.find(key, byteCountMax: byteCountMax) }
            downloads[key] = new
            return new
        }
        return try await download.value.get()
    }

    /// Reads the first bytes of an object, and how old it is, where it is stored.
    package func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await storage.getBeginning(of: key, byteCountMax: byteCountMax)
    }

    /// Stores a version unless there is an object, and keeps a copy of a new one.
    package func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        let outcome = try await storage.create(key, bytes)
        // What was there already may be other bytes: it is read before it is kept.
        if outcome == .created { await keep(bytes, of: key) }
        return outcome
    }

    /// Stores a head if the present one is the expected.
    package func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        try await storage.replace(key, with: bytes, expecting: tag)
    }

    /// Removes an object and its copy.
    package func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        let outcome = try await storage.delete(key, if: condition)
        if outcome != .changed { await forget(key) }
        return outcome
    }

    /// Makes an object as young as one that is written now.
    package func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await storage.refresh(key)
    }

    /// Moves an object to where only a person looks for it, and removes its copy.
    package func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        let outcome = try await storage.setAside(key)
        await forget(key)
        return outcome
    }

    /// Lists keys in order.
    package func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await storage.list(folder, prefix: prefix, after: after, limit: limit)
    }

    private func find(
        _ key: StorageKey, byteCountMax: Int
    ) async -> Result<StoredObject?, HeapError> {
        defer { downloads.withLock { $0[key] = nil } }
        do throws(HeapError) {
            let copy = try await threads.run(lane: key.path) { [folder] () throws(HeapError) in
                folder.read(key, byteCountMax: byteCountMax)
            }
            if let copy {
                counts.withLock { $0.hitCount += 1 }
                return .success(StoredObject(bytes: copy, tag: StorageTag("copy")))
            }
            counts.withLock { $0.missCount += 1 }
            let object = try await storage.get(key, byteCountMax: byteCountMax)
            if let object { await keep(object.bytes, of: key) }
            return .success(object)
        } catch {
            return .failure(error)
        }
    }

    private func keep(_ bytes: [UInt8], of key: StorageKey) async {
        guard key.folder == .versions else { return }
        let change = try? await threads.run(lane: key.path) { [folder] () throws(HeapError) in
            folder.write(bytes, of: key)
        }
        if let change { note(change) }
    }

    private func forget(_ key: StorageKey) async {
        guard key.folder == .versions else { return }
        _ = try? await threads.run(lane: key.path) { [folder] () throws(HeapError) in
            folder.remove(key)
        }
    }

    private func note(_ change: CacheChange) {
        counts.withLock { counts in
            counts.evictionCount += change.evictionCount
            counts.byteCount =
                change.totalByteCount ?? counts.byteCount + change.addedByteCount
        }
    }
}

/// How often copies were of use since the start.
package struct CacheCounts: Hashable, Sendable {
    /// Versions that were read from their copies.
    package var hitCount = 0
    /// Versions that were not.
    package var missCount = 0
    /// Copies that were removed to make room.
    package var evictionCount = 0
    /// How many bytes all copies take, as far as this process knows.
    package var byteCount = 0
}
