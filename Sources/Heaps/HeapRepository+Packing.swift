internal import Crypto
package import WorkerProtocol

/// How a snapshot was packed, and what that says for the next of its heap.
private struct Packing {
    var packed: PackedSnapshot
    /// The entry that it was packed behind.
    var prefix: ShelvedSnapshot?
    var ordinaryRatio: Double
    var pauseCount: Int
}

/// Packing snapshots behind others, and unpacking them; `docs/decisions/` has when that pays.
extension HeapRepository {
    /// A snapshot of more times the base heap's size is not packed behind it.
    private static let baseFactorMax = 4
    /// What a parent has to save of what the snapshot takes without it.
    private static let parentSavingMin = 0.3
    /// After an attempt that did not pay, how many of a heap's versions come before the next.
    private static let pauseCountAfterFailure = 16
    /// So much is copied in less time than it takes to wake another thread, in bytes.
    private static let copiedAtOnceByteCountMax = 256 << 10
    /// For how long a chain counts as young after it was refreshed: much less than any grace time.
    static let youthMax = Duration.seconds(120)

    /// Says once, each time, that ``adoptBase(_:of:)`` would make versions smaller.
    package var baseWanted: AsyncStream<Void> { shelf.baseWanted }

    /// Takes the snapshot of a heap that nothing was run on, to pack others of that engine behind
    /// it.
    ///
    /// It is a version like others, that no name points at: kept as long as others need it.
    package func adoptBase(
        _ snapshot: [UInt8], of engine: EngineIdentity
    ) async throws(HeapError) {
        let run = RunDescription(
            engine: engine, durationMicroseconds: 0, heapByteCount: 0,
            runNumber: VersionRecord.baseRunNumber, code: "")
        // The same snapshot is the same version, whoever stores it.
        let created = WallTime(millisecondsSince1970: 0)
        let envelope = try await work.run { [keys] () throws(HeapError) in
            do throws(EnvelopeDamage) {
                return try SnapshotEnvelope(
                    sealing: snapshot, by: run, parent: nil, created: created, keys: keys)
            } catch {
                throw .storageUnavailable(path: "base heap", reason: error.description)
            }
        }
        try await store(envelope)
        shelveBase(envelope.record, snapshot, youngSince: now())
    }

    /// Packs a snapshot and names its version; what it is packed behind is young then.
    func seal(
        _ snapshot: [UInt8], by run: RunDescription, parent: HeapVersion?
    ) async throws(HeapError) -> (SnapshotEnvelope, forNext: ShelvedSnapshot) {
        let created = now()
        async let headerResult = header(of: snapshot, by: run, parent: parent, created: created)
        let packing = try await pack(
            snapshot, of: run.engine, behind: parent.flatMap { shelf[$0] })
        let envelope = try await assemble(headerResult.get(), packing.packed)
        let version = envelope.record.version
        let next = ShelvedSnapshot(
            version: version, snapshot: packing.pauseCount <= 1 ? snapshot : nil,
            depth: packing.packed.packing.depth, chain: [version] + (packing.prefix?.chain ?? []),
            ordinaryRatio: packing.ordinaryRatio, pauseCount: packing.pauseCount,
            youngSince: created)
        return (envelope, next)
    }

    /// Unpacks a snapshot, and first those that it is packed behind.
    ///
    /// - Throws: ``HeapError/damaged(_:_:)`` if one of them is missing.
    func open(_ envelope: SnapshotEnvelope) async throws(HeapError) -> [UInt8] {
        guard let prefix = envelope.record.packing.prefix else {
            return try await work.run { () throws(HeapError) in try envelope.open() }
        }
        let plain = try await prefixSnapshot(prefix, of: envelope.record)
        return try await work.run { () throws(HeapError) in try envelope.open(behind: plain) }
    }

    /// Makes a version and all that it is packed behind as young as what is written now.
    func refreshChain(_ version: HeapVersion) async throws(HeapError) -> PresenceOutcome {
        var next: HeapVersion? = version
        for _ in 0...SnapshotPacking.depthMax {
            guard let version = next else { return .done }
            guard try await storage.refresh(.version(version)) == .done else { return .absent }
            next = try await record(of: version)?.packing.prefix
        }
        return .done
    }

    /// Keeps a loaded version for the run that will be committed on it.
    func shelve(_ record: VersionRecord, _ snapshot: [UInt8]) {
        if record.runNumber == VersionRecord.baseRunNumber {
            shelveBase(record, snapshot, youngSince: nil)
        } else if shelf[record.version] == nil, let chain = chain(of: record) {
            let ratio = Double(record.storedByteCount) / Double(max(1, snapshot.count))
            let entry = ShelvedSnapshot(
                version: record.version, snapshot: snapshot, depth: record.packing.depth,
                chain: chain, ordinaryRatio: ratio)
            shelf.keep(entry, insteadOf: nil)
        }
    }

    /// All that has to be young for a version to be; nil if that is not known from memory.
    private func chain(of record: VersionRecord) -> [HeapVersion]? {
        guard let prefix = record.packing.prefix else { return [record.version] }
        return shelf[prefix].map { [record.version] + $0.chain }
    }

    private func shelveBase(
        _ record: VersionRecord, _ snapshot: [UInt8], youngSince: WallTime?
    ) {
        let base = ShelvedSnapshot(
            version: record.version, snapshot: snapshot, depth: 0, chain: [record.version],
            youngSince: youngSince)
        shelf.keep(base, asBaseOf: record.engine)
    }

    private func prefixSnapshot(
        _ version: HeapVersion, of dependent: VersionRecord
    ) async throws(HeapError) -> [UInt8] {
        if let snapshot = shelf[version]?.snapshot { return snapshot }
        let envelope: SnapshotEnvelope
        do throws(HeapError) {
            // What is signed is the digest of what comes out behind it; it may have been signed
            // with a key that is no longer used.
            envelope = try await self.envelope(of: version, signedWith: nil)
        } catch .versionNotFound {
            throw .damaged(.version(dependent.version), .prefixMissing(version))
        }
        // Each is less deep than the one before, so that this ends.
        guard envelope.record.packing.depth < dependent.packing.depth else {
            throw .damaged(.version(dependent.version), .invalidHeader)
        }
        let snapshot = try await open(envelope)
        if envelope.record.runNumber == VersionRecord.baseRunNumber {
            shelveBase(envelope.record, snapshot, youngSince: nil)
        }
        return snapshot
    }
}

extension HeapRepository {
    private func header(
        of snapshot: [UInt8], by run: RunDescription, parent: HeapVersion?, created: WallTime
    ) async -> Result<EnvelopeHeader, HeapError> {
        do throws(HeapError) {
            return .success(
                try await work.run { () throws(HeapError) in
                    do throws(EnvelopeDamage) {
                        return try EnvelopeHeader(
                            run: run, parent: parent, created: created,
                            snapshotDigest: Array(SHA256.hash(data: snapshot)),
                            snapshotByteCount: snapshot.count)
                    } catch {
                        throw .storageUnavailable(path: "envelope", reason: error.description)
                    }
                })
        } catch {
            return .failure(error)
        }
    }

    /// Puts an envelope together, which copies the packed bytes: many of them where that may take
    /// a while.
    private func assemble(
        _ header: EnvelopeHeader, _ packed: PackedSnapshot
    ) async throws(HeapError) -> SnapshotEnvelope {
        if packed.bytes.count <= Self.copiedAtOnceByteCountMax {
            return SnapshotEnvelope(header, packed, keys: keys)
        }
        return try await work.run { [keys] () throws(HeapError) in
            SnapshotEnvelope(header, packed, keys: keys)
        }
    }

    /// Packs a snapshot behind its parent if that saves enough, else behind the base heap, else by
    /// itself.
    private func pack(
        _ snapshot: [UInt8], of engine: EngineIdentity, behind parent: ShelvedSnapshot?
    ) async throws(HeapError) -> Packing {
        let pause = parent?.pauseCount ?? 0
        var pauseCount = max(0, pause - 1)
        if let parent, pause == 0, parent.depth < SnapshotPacking.depthMax,
            let packed = try await pack(snapshot, behind: parent)
        {
            let size = Double(packed.bytes.count)
            let ordinary = parent.ordinaryRatio * Double(snapshot.count)
            if size <= ordinary * (1 - Self.parentSavingMin),
                try await makeYoung(parent)
            {
                return Packing(
                    packed: packed, prefix: parent, ordinaryRatio: parent.ordinaryRatio,
                    pauseCount: 0)
            }
            pauseCount = Self.pauseCountAfterFailure
        }
        let base = shelf.base(of: engine)
        if let base, let plain = base.snapshot,
            snapshot.count <= plain.count * Self.baseFactorMax,
            let packed = try await pack(snapshot, behind: base), try await makeYoung(base)
        {
            return Packing(
                packed: packed, prefix: base,
                ordinaryRatio: Self.ratio(packed, snapshot), pauseCount: pauseCount)
        }
        let packed = try await work.run { () throws(HeapError) in PackedSnapshot(snapshot) }
        return Packing(
            packed: packed, prefix: nil, ordinaryRatio: Self.ratio(packed, snapshot),
            pauseCount: pauseCount)
    }

    private static func ratio(_ packed: PackedSnapshot, _ snapshot: [UInt8]) -> Double {
        Double(packed.bytes.count) / Double(max(1, snapshot.count))
    }

    private func pack(
        _ snapshot: [UInt8], behind prefix: ShelvedSnapshot
    ) async throws(HeapError) -> PackedSnapshot? {
        guard prefix.snapshot != nil else { return nil }
        return try await work.run { () throws(HeapError) in
            PackedSnapshot(snapshot, behind: prefix)
        }
    }

    /// Sees to it that no collection removes what a version will need before that version is seen;
    /// false if something of it is gone.
    private func makeYoung(_ prefix: ShelvedSnapshot) async throws(HeapError) -> Bool {
        let now = now()
        // One that is younger than now is of a clock that has jumped.
        if let young = prefix.youngSince, young > now - Self.youthMax, young <= now { return true }
        for version in prefix.chain {
            guard try await storage.refresh(.version(version)) == .done else {
                shelf.forget(prefix.version)
                return false
            }
        }
        shelf.noteYoung(prefix.version, at: now)
        return true
    }
}
