package import Logging
package import NIOPosix
package import WorkerProtocol

/// Named heaps, their versions and their history, on top of a storage.
///
/// Several repositories, in several processes, may share a storage: all that one knows by itself is
/// what saves time and room.
package struct HeapRepository: Sendable {
    /// The most heaps or versions that are given out at once.
    package static let pageCountMax = 1000
    /// How far a history is followed to find a version.
    static let historyCountMax = 10_000
    /// How often something is tried again that another process was faster at.
    static let attemptCountMax = 8

    let storage: any HeapStorage
    let snapshotByteCountMax: Int
    let now: @Sendable () -> WallTime
    let work: BlockingWork
    let logger: Logger
    let keys: SigningKeys?
    let shelf = SnapshotShelf()

    /// Makes a repository.
    ///
    /// - Parameters:
    ///   - storage: where everything is kept.
    ///   - snapshotByteCountMax: the largest snapshot that is stored or loaded.
    ///   - now: the clock.
    ///   - pool: the threads that hash and pack.
    ///   - logger: told what changes.
    ///   - keys: what is stored is signed with the first of these, and what is read must be signed
    ///     with one of them.
    package init(
        storage: any HeapStorage, snapshotByteCountMax: Int, keys: SigningKeys? = nil,
        now: @escaping @Sendable () -> WallTime = WallTime.now,
        pool: NIOThreadPool = .singleton, logger: Logger
    ) {
        self.storage = storage
        self.snapshotByteCountMax = snapshotByteCountMax
        self.keys = keys
        self.now = now
        self.work = BlockingWork(pool: pool)
        self.logger = logger
    }

    /// Finds where a heap is; nil if there is no such heap.
    package func head(of name: HeapName) async throws(HeapError) -> HeapHead? {
        let key = StorageKey.head(name)
        let stored: StoredObject?
        do throws(HeapError) {
            stored = try await storage.get(key, byteCountMax: HeapHead.byteCountMax)
        } catch {
            // No head is that large: the limit that was met is not the one of snapshots.
            if case .snapshotTooLarge = error { throw .damaged(key, .extraBytes) }
            throw error
        }
        guard let object = stored else { return nil }
        do {
            return try HeapHead(object, of: name, keys: keys)
        } catch {
            throw .damaged(key, error)
        }
    }

    /// Loads a version's snapshot for an engine.
    ///
    /// - Throws: ``HeapError/incompatible(_:snapshot:running:)`` if another engine made it.
    package func load(
        _ version: HeapVersion, for engine: EngineIdentity
    ) async throws(HeapError) -> LoadedHeap {
        let envelope = try await envelope(of: version)
        guard envelope.record.engine == engine else {
            throw .incompatible(version, snapshot: envelope.record.engine, running: engine)
        }
        let snapshot = try await open(envelope)
        shelve(envelope.record, snapshot)
        return LoadedHeap(record: envelope.record, snapshot: snapshot)
    }

    /// Stores a run's snapshot as a new version and moves the heap's head to it.
    ///
    /// - Parameters:
    ///   - head: where the head was when the run started; nil if the heap must not exist yet.
    ///   - beginMove: asked when all but the head's move is done; where it throws, nothing that
    ///     can be seen has happened, nor will.
    /// - Throws: ``HeapError/conflict(_:)`` if the head is elsewhere; the version is kept.
    package func commit(
        _ snapshot: [UInt8], to name: HeapName, replacing head: HeapHead?, by run: RunDescription,
        beginMove: @Sendable () throws(HeapError) -> Void = {}
    ) async throws(HeapError) -> HeapHead {
        guard snapshot.count <= snapshotByteCountMax else {
            throw .snapshotTooLarge(byteCount: snapshot.count, limit: snapshotByteCountMax)
        }
        let (envelope, next) = try await seal(snapshot, by: run, parent: head?.version)
        let record = envelope.record
        try await store(envelope)
        let target = HeapTarget(record, incidentCount: head?.incidentCount ?? 0)
        try beginMove()
        let new = try await move(name, to: target, replacing: head, kept: record.version)
        shelf.keep(next, insteadOf: head?.version)
        logger.debug(
            "Heap committed",
            metadata: [
                "heap.name": "\(name)", "heap.version": "\(new.version)",
                "heap.run": "\(new.runNumber)", "storage.bytes": "\(record.storedByteCount)",
            ])
        return new
    }

    /// Points a name at a version that exists: a fork if the name is new, an undo if it is not.
    ///
    /// - Throws: ``HeapError/conflict(_:)`` if the head is not the given one.
    package func point(
        _ name: HeapName, at record: VersionRecord, replacing head: HeapHead?,
        incidentCount: UInt16 = 0
    ) async throws(HeapError) -> HeapHead {
        // First young, then pointed at: a collection that does not see the head sees that.
        guard try await refreshChain(record.version) == .done else {
            throw .versionNotFound(record.version)
        }
        if let head { try await keepForNow(head.version) }
        return try await move(
            name, to: HeapTarget(record, incidentCount: incidentCount), replacing: head, kept: nil)
    }

    /// Removes a name; its versions stay until they are collected, the last for the grace time.
    ///
    /// - Returns: where the heap was.
    package func delete(_ name: HeapName) async throws(HeapError) -> HeapHead {
        for _ in 0..<Self.attemptCountMax {
            guard let head = try await head(of: name) else { throw try await notFound(name) }
            try await keepForNow(head.version)
            let outcome = try await storage.delete(.head(name), if: .unchanged(head.tag))
            guard outcome == .deleted else { continue }
            logger.debug("Heap deleted", metadata: ["heap.name": "\(name)"])
            return head
        }
        throw .conflict(
            HeapConflict(
                name: name, expected: nil, actual: try await head(of: name), kept: nil))
    }

    /// Reads a version's envelope without unpacking it, and checks that it is signed, if that is
    /// asked for.
    func envelope(of version: HeapVersion) async throws(HeapError) -> SnapshotEnvelope {
        try await envelope(of: version, signedWith: keys)
    }

    /// Reads a version's envelope without unpacking it.
    func envelope(
        of version: HeapVersion, signedWith keys: SigningKeys?
    ) async throws(HeapError) -> SnapshotEnvelope {
        // Packed bytes are never more than plain ones.
        let byteCountMax = EnvelopeHeader.byteCountMax + snapshotByteCountMax
        let object = try await storage.get(.version(version), byteCountMax: byteCountMax)
        guard let object else { throw .versionNotFound(version) }
        return try SnapshotEnvelope(
            object.bytes, of: version, snapshotByteCountMax: snapshotByteCountMax, keys: keys)
    }

    /// Stores a version, or verifies the one that is there and makes it as young as a new one.
    func store(_ envelope: SnapshotEnvelope) async throws(HeapError) {
        let record = envelope.record
        let key = StorageKey.version(record.version)
        for _ in 0..<Self.attemptCountMax {
            if try await storage.create(key, envelope.bytes) == .created { return }
            // If it was collected a moment ago, it is created after all.
            guard try await refreshChain(record.version) == .done else { continue }
            // Only its own bytes can be there, unless they were damaged.
            _ = try await open(try await self.envelope(of: record.version))
            return
        }
        throw .storageBusy(path: key.path)
    }

    /// Lets a version that a name leaves be there for the grace time, for who regrets that.
    private func keepForNow(_ version: HeapVersion) async throws(HeapError) {
        do throws(HeapError) { _ = try await refreshChain(version) } catch {
            // Nobody can come back to what is damaged, and the name must be able to leave it.
            guard case .damaged = error else { throw error }
        }
    }

    /// Replaces a heap's head by compare-and-swap.
    func move(
        _ name: HeapName, to target: HeapTarget, replacing head: HeapHead?, kept: HeapVersion?
    ) async throws(HeapError) -> HeapHead {
        precondition(head == nil || head?.name == name, "A head moves under its own name.")
        let key = StorageKey.head(name)
        var new = HeapHead(
            name: name, version: target.version, runNumber: target.runNumber,
            snapshotByteCount: target.snapshotByteCount, updated: now(),
            generation: (head?.generation ?? 0) + 1, incidentCount: target.incidentCount,
            nonce: UInt64.random(in: .min ... .max), tag: StorageTag(""))
        if case .replaced(let tag) = try await storage.replace(
            key, with: new.encoded(keys: keys), expecting: head?.tag)
        {
            new.tag = tag
            return new
        }
        let actual = try await self.head(of: name)
        // A storage that tried again after an answer was lost finds its own record.
        if let actual, actual.nonce == new.nonce { return actual }
        throw .conflict(
            HeapConflict(name: name, expected: head?.version, actual: actual, kept: kept))
    }
}

/// Where a head is to point.
struct HeapTarget {
    let version: HeapVersion
    let runNumber: UInt32
    let snapshotByteCount: Int
    let incidentCount: UInt16

    init(_ record: VersionRecord, incidentCount: UInt16) {
        version = record.version
        runNumber = record.runNumber
        snapshotByteCount = record.snapshotByteCount
        self.incidentCount = incidentCount
    }

    init(_ head: HeapHead, incidentCount: UInt16) {
        version = head.version
        runNumber = head.runNumber
        snapshotByteCount = head.snapshotByteCount
        self.incidentCount = incidentCount
    }
}
