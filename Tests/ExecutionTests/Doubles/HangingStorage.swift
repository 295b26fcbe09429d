import Heaps
import Synchronization

/// A storage in memory of which some operations hang for as long as a test wants, whatever becomes
/// of who asked.
final class HangingStorage: HeapStorage {
    enum Operation: Hashable {
        case get
        case create
        case replace
        case delete
        case list
    }

    private struct State {
        var hanging: Set<Operation> = []
        var name: String?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let base = Harness.memory
    private let state = Mutex(State())

    /// How many operations hang.
    var hangingCount: Int { state.withLock { $0.waiting.count } }

    /// Lets operations hang: all of them, or those on one heap's head.
    func hang(_ operations: Operation..., of name: String? = nil) {
        state.withLock { state in
            state.hanging = Set(operations)
            state.name = name
        }
    }

    /// Lets all of them go on.
    func release() {
        let waiting = state.withLock { state in
            state.hanging = []
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func pass(_ operation: Operation, _ key: StorageKey? = nil) async {
        await withCheckedContinuation { continuation in
            let hangs = state.withLock { state in
                guard state.hanging.contains(operation) else { return false }
                if let name = state.name, key?.name != name { return false }
                state.waiting.append(continuation)
                return true
            }
            if !hangs { continuation.resume() }
        }
    }

    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject? {
        await pass(.get, key)
        return try await base.get(key, byteCountMax: byteCountMax)
    }

    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        await pass(.get, key)
        return try await base.getBeginning(of: key, byteCountMax: byteCountMax)
    }

    func create(_ key: StorageKey, _ bytes: [UInt8]) async throws(HeapError) -> CreateOutcome {
        await pass(.create, key)
        return try await base.create(key, bytes)
    }

    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        await pass(.replace, key)
        return try await base.replace(key, with: bytes, expecting: tag)
    }

    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        await pass(.delete, key)
        return try await base.delete(key, if: condition)
    }

    func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await base.refresh(key)
    }

    func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await base.setAside(key)
    }

    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        await pass(.list)
        return try await base.list(folder, prefix: prefix, after: after, limit: limit)
    }
}
