package import Logging
internal import Synchronization

/// Heaps in memory, gone with the process.
package final class InMemoryHeapStorage: HeapStorage {
    fileprivate struct State {
        var objects: [StorageKey: StoredObject] = [:]
        var writeTimes: [StorageKey: WallTime] = [:]
        /// They still take of the budget.
        var setAside: [StoredObject] = []
        var byteCount = 0
        var heapCount = 0
        var lastTag: UInt64 = 0
    }

    /// What an object costs beside its bytes, so that many small ones are bounded too.
    package static let objectOverheadByteCount = 256

    private let byteCountMax: Int
    private let now: @Sendable () -> WallTime
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes an empty storage that holds at most this many bytes.
    package init(
        byteCountMax: Int, now: @escaping @Sendable () -> WallTime = WallTime.now, logger: Logger
    ) {
        self.byteCountMax = byteCountMax
        self.now = now
        self.logger = logger
    }

    /// How many heaps there are.
    package var count: Int { state.withLock(\.heapCount) }

    /// Whether there is no heap.
    package var isEmpty: Bool { count == 0 }

    /// How many bytes of the budget are taken.
    package var byteCount: Int { state.withLock(\.byteCount) }

    /// Forgets every heap and every version.
    package func removeAll() {
        state.withLock { state in
            // Tags go on counting: one given out before must not fit an object made after.
            state = State(lastTag: state.lastTag)
        }
    }

    /// Reads an object.
    package func get(
        _ key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredObject? {
        guard let object = state.withLock({ $0.objects[key] }) else { return nil }
        guard object.bytes.count <= byteCountMax else {
            throw .snapshotTooLarge(byteCount: object.bytes.count, limit: byteCountMax)
        }
        return object
    }

    /// Reads the first bytes of an object.
    package func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        state.withLock { state in
            guard let object = state.objects[key], let written = state.writeTimes[key]
            else { return nil }
            return StoredBeginning(
                bytes: Array(object.bytes.prefix(byteCountMax)), byteCount: object.bytes.count,
                written: written)
        }
    }

    /// Stores a version unless there is an object.
    package func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        precondition(key.folder == .versions, "Only versions are created; heads are replaced.")
        guard try put(bytes, at: key, expecting: nil) != nil else { return .alreadyExists }
        logger.info(
            "Heap stored",
            metadata: ["storage.key": "\(key)", "storage.bytes": "\(bytes.count)"])
        return .created
    }

    /// Stores a head if the present one is the expected.
    package func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        precondition(key.folder == .heads, "Only heads are replaced; versions never change.")
        guard let new = try put(bytes, at: key, expecting: tag) else { return .changed }
        return .replaced(new)
    }

    /// Removes an object.
    package func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        state.withLock { state in
            guard let object = state.objects[key], let written = state.writeTimes[key]
            else { return .absent }
            switch condition {
            case .unchanged(let tag) where object.tag != tag: return .changed
            case .writtenBefore(let limit) where written >= limit: return .changed
            case .always, .unchanged, .writtenBefore: break
            }
            state.remove(key)
            state.byteCount -= object.bytes.count + Self.objectOverheadByteCount
            return .deleted
        }
    }

    /// Makes an object as young as one that is written now.
    package func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        let now = now()
        return state.withLock { state in
            guard state.objects[key] != nil else { return .absent }
            state.writeTimes[key] = now
            return .done
        }
    }

    /// Moves an object to where nothing looks for it.
    package func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        state.withLock { state in
            guard let object = state.objects[key] else { return .absent }
            state.remove(key)
            state.setAside.append(object)
            return .done
        }
    }

    /// Lists keys in order.
    package func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        let keys = state.withLock { Array($0.objects.keys) }
        let listed = keys.filter { key in
            key.folder == folder && key.name.hasPrefix(prefix) && after.map { key > $0 } ?? true
        }
        return StoragePage(listed.sorted(), limit: limit)
    }

    /// Stores an object over one with this tag; nil if that is not what is there.
    private func put(
        _ bytes: [UInt8], at key: StorageKey, expecting tag: StorageTag?
    ) throws(HeapError) -> StorageTag? {
        let now = now()
        return try state.withLock { state throws(HeapError) in
            let old = state.objects[key]
            guard old?.tag == tag else { return nil }
            let freed = old.map { $0.bytes.count + Self.objectOverheadByteCount } ?? 0
            let byteCount =
                state.byteCount - freed + bytes.count + Self.objectOverheadByteCount
            guard byteCount <= byteCountMax else {
                throw .storageFull(path: "memory", neededByteCount: bytes.count)
            }
            state.byteCount = byteCount
            state.lastTag += 1
            if old == nil, key.folder == .heads { state.heapCount += 1 }
            let new = StorageTag(String(state.lastTag))
            state.objects[key] = StoredObject(bytes: bytes, tag: new)
            state.writeTimes[key] = now
            return new
        }
    }
}

extension InMemoryHeapStorage.State {
    fileprivate mutating func remove(_ key: StorageKey) {
        objects[key] = nil
        writeTimes[key] = nil
        if key.folder == .heads { heapCount -= 1 }
    }
}
