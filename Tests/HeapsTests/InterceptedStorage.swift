import Synchronization

@testable import Heaps

/// A storage on which something else happens just before an operation, once.
final class InterceptedStorage: HeapStorage {
    enum Moment: Hashable {
        case listOfHeads
        case listOfVersions
        case replace
        case delete
    }

    typealias Action = @Sendable () async throws -> Void

    private let storage: any HeapStorage
    private let actions = Mutex<[Moment: Action]>([:])

    init(_ storage: any HeapStorage) { self.storage = storage }

    /// Does something just before the next operation of a kind.
    func before(_ moment: Moment, _ action: @escaping Action) {
        actions.withLock { $0[moment] = action }
    }

    private func pass(_ moment: Moment) async throws(HeapError) {
        let action = actions.withLock { $0.removeValue(forKey: moment) }
        do { try await action?() } catch {
            throw error as? HeapError
                ?? .storageUnavailable(path: "intercepted", reason: "\(error)")
        }
    }

    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject? {
        try await storage.get(key, byteCountMax: byteCountMax)
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
        try await pass(.replace)
        return try await storage.replace(key, with: bytes, expecting: tag)
    }

    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await pass(.delete)
        return try await storage.delete(key, if: condition)
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
        try await pass(folder == .heads ? .listOfHeads : .listOfVersions)
        return try await storage.list(folder, prefix: prefix, after: after, limit: limit)
    }
}
