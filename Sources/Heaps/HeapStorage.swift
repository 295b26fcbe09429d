/// A place that keeps bytes under keys, for several processes at once.
///
/// An operation that returns has taken place for good: it survives the end of this process, and of
/// the machine where the storage is one that can. One that throws
/// ``HeapError/storageUnavailable(path:reason:)`` may or may not have taken place; every other
/// error means that nothing has changed. A reader sees an object whole or not at all.
package protocol HeapStorage: Sendable {
    /// Reads an object; nil if there is none.
    ///
    /// - Throws: ``HeapError/snapshotTooLarge(byteCount:limit:)`` without reading an object of more
    ///   bytes.
    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject?

    /// Reads the first bytes of an object, fewer if it is shorter; nil if there is none.
    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning?

    /// Stores a version unless there is an object.
    func create(_ key: StorageKey, _ bytes: [UInt8]) async throws(HeapError) -> CreateOutcome

    /// Stores a head if the present one has this tag, or if there is none and the tag is nil.
    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome

    /// Removes an object.
    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome

    /// Makes an object as young as one that is written now.
    ///
    /// It and a delete of what was ``DeleteCondition/writtenBefore(_:)`` come one after the other.
    func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome

    /// Moves an object to where only a person looks for it.
    func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome

    /// Lists keys in order, those after a key, whose names start so; at most `limit`, which is at
    /// least 1.
    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage
}

/// An object's bytes.
package struct StoredObject: Hashable, Sendable {
    /// All of them.
    package let bytes: [UInt8]
    /// What ``HeapStorage/replace(_:with:expecting:)`` compares.
    package let tag: StorageTag
}

/// The first of an object's bytes.
package struct StoredBeginning: Hashable, Sendable {
    /// The first.
    package let bytes: [UInt8]
    /// How many there are in all.
    package let byteCount: Int
    /// When the object was written or refreshed.
    package let written: WallTime
}

/// What became of a create.
package enum CreateOutcome: Hashable, Sendable {
    /// The bytes are stored.
    case created
    /// An object was there already and is as durable as a new one would be.
    case alreadyExists
}

/// What became of a replace.
package enum ReplaceOutcome: Hashable, Sendable {
    /// The bytes are stored and have this tag.
    case replaced(StorageTag)
    /// The object is not the expected one; nothing was stored.
    case changed
}

/// Which object may be deleted.
package enum DeleteCondition: Hashable, Sendable {
    /// Any.
    case always
    /// Only one with this tag.
    case unchanged(StorageTag)
    /// Only one that was neither written nor refreshed since. A storage that cannot do both in one
    /// step answers `changed` at first, and removes it when it is asked again some time later.
    case writtenBefore(WallTime)
}

/// What became of a delete.
package enum DeleteOutcome: Hashable, Sendable {
    /// The object is gone.
    case deleted
    /// There was none.
    case absent
    /// The object is not the expected one and stays.
    case changed
}

/// What became of something that takes an object to be there.
package enum PresenceOutcome: Hashable, Sendable {
    /// It took place.
    case done
    /// There is no such object.
    case absent
}

/// Some of a storage's keys, in order.
package struct StoragePage: Hashable, Sendable {
    /// The keys.
    package let keys: [StorageKey]
    /// What to give as `after` to get more; nil if there are no more.
    package let next: StorageKey?

    /// Takes up to `limit` of keys that are in order.
    init(_ keys: some Sequence<StorageKey>, limit: Int) {
        let some = Array(keys.prefix(limit + 1))
        self.keys = Array(some.prefix(limit))
        next = some.count > limit ? self.keys.last : nil
    }
}
