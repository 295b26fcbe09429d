/// Heaps in the files of one directory, which several servers may use at once.
///
/// What is acknowledged survives the end of any process at any moment and the loss of power.
package struct FileHeapStorage: HeapStorage {
    private let directory: HeapDirectory
    private let threads: StorageThreads
    private let now: @Sendable () -> WallTime

    /// Opens a directory, made if there is none, and removes what interrupted writers left in it.
    ///
    /// - Throws: ``HeapError/storageRefused(path:_:)`` with what to do about it.
    package init(
        directoryPath: String, threads: StorageThreads = StorageThreads(),
        now: @escaping @Sendable () -> WallTime = WallTime.now
    ) async throws(HeapError) {
        directory = try await threads.run(lane: "") { () throws(HeapError) in
            let directory = HeapDirectory(
                operations: try SystemFileOperations(root: directoryPath), location: directoryPath)
            try directory.prepare(now: now())
            return directory
        }
        self.threads = threads
        self.now = now
    }

    /// Uses a directory that was prepared.
    init(
        _ directory: HeapDirectory, threads: StorageThreads = StorageThreads(),
        now: @escaping @Sendable () -> WallTime
    ) {
        self.directory = directory
        self.threads = threads
        self.now = now
    }

    /// Why nothing is written any more; nil as long as all is well.
    package var writeFailure: HeapError? { directory.failure }

    /// Reads an object.
    package func get(
        _ key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredObject? {
        try await threads.run(lane: key.path) { [directory] () throws(HeapError) in
            try directory.get(key, byteCountMax: byteCountMax)
        }
    }

    /// Reads the first bytes of an object.
    package func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await threads.run(lane: key.path) { [directory] () throws(HeapError) in
            try directory.getBeginning(of: key, byteCountMax: byteCountMax)
        }
    }

    /// Stores a version unless there is an object.
    package func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        precondition(key.folder == .versions, "Only versions are created; heads are replaced.")
        return try await threads.run(lane: key.path) { [directory] () throws(HeapError) in
            try directory.create(key, bytes)
        }
    }

    /// Stores a head if the present one is the expected.
    package func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        precondition(key.folder == .heads, "Only heads are replaced; versions never change.")
        return try await threads.run(lane: directory.lockPath(of: key)) {
            [directory] () throws(HeapError) in
            try directory.replace(key, with: bytes, expecting: tag)
        }
    }

    /// Removes an object.
    package func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await threads.run(lane: directory.lockPath(of: key)) {
            [directory] () throws(HeapError) in
            try directory.delete(key, if: condition)
        }
    }

    /// Makes an object as young as one that is written now.
    package func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await threads.run(lane: directory.lockPath(of: key)) {
            [directory, now] () throws(HeapError) in
            try directory.refresh(key, at: now())
        }
    }

    /// Moves an object to the folder `damaged`.
    package func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await threads.run(lane: directory.lockPath(of: key)) {
            [directory] () throws(HeapError) in
            try directory.setAside(key)
        }
    }

    /// Lists keys in order.
    package func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await threads.run(lane: folder.rawValue) { [directory] () throws(HeapError) in
            try directory.list(folder, prefix: prefix, after: after, limit: limit)
        }
    }
}
