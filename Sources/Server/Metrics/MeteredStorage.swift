internal import Heaps

/// A storage whose uses are counted and timed.
struct MeteredStorage: HeapStorage {
    let storage: AnyHeapStorage
    let metrics: ServerMetrics

    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject? {
        try await counting("get") { () async throws(HeapError) in
            try await storage.get(key, byteCountMax: byteCountMax)
        }
    }

    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await counting("get_beginning") { () async throws(HeapError) in
            try await storage.getBeginning(of: key, byteCountMax: byteCountMax)
        }
    }

    func create(_ key: StorageKey, _ bytes: [UInt8]) async throws(HeapError) -> CreateOutcome {
        try await counting("create") { () async throws(HeapError) in
            try await storage.create(key, bytes)
        }
    }

    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        try await counting("replace") { () async throws(HeapError) in
            try await storage.replace(key, with: bytes, expecting: tag)
        }
    }

    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await counting("delete") { () async throws(HeapError) in
            try await storage.delete(key, if: condition)
        }
    }

    func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await counting("refresh") { () async throws(HeapError) in
            try await storage.refresh(key)
        }
    }

    func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await counting("set_aside") { () async throws(HeapError) in
            try await storage.setAside(key)
        }
    }

    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await counting("list") { () async throws(HeapError) in
            try await storage.list(folder, prefix: prefix, after: after, limit: limit)
        }
    }

    private func counting<Value>(
        _ name: String, _ body: () async throws(HeapError) -> Value
    ) async throws(HeapError) -> Value {
        let began = ContinuousClock.now
        do {
            let value = try await body()
            metrics.noteStorage(name, .ok, began.duration(to: .now))
            return value
        } catch {
            metrics.noteStorage(name, .error, began.duration(to: .now))
            throw error
        }
    }
}
