internal import Crypto

/// A snapshot as it is stored: a header that says what it is and who made it, and the packed bytes.
///
/// Everything in here is work for a thread that may be kept busy: it hashes and packs whole
/// snapshots.
package struct SnapshotEnvelope: Sendable {
    let header: EnvelopeHeader
    /// The header and the packed snapshot.
    package let bytes: [UInt8]

    /// What the header says.
    package var record: VersionRecord { header.record }

    /// Packs a snapshot and names its version.
    ///
    /// - Throws: ``EnvelopeDamage/invalidHeader`` if the engine's name is endless.
    package init(
        sealing snapshot: [UInt8], by run: RunDescription, parent: HeapVersion?, created: WallTime,
        keys: SigningKeys? = nil
    ) throws(EnvelopeDamage) {
        let header = try EnvelopeHeader(
            run: run, parent: parent, created: created,
            snapshotDigest: Array(SHA256.hash(data: snapshot)),
            snapshotByteCount: snapshot.count)
        self.init(header, PackedSnapshot(snapshot), keys: keys)
    }

    /// Puts a header before a snapshot that is packed.
    init(_ header: EnvelopeHeader, _ packed: PackedSnapshot, keys: SigningKeys?) {
        self.header = header.repacked(
            as: packed.packing, byteCount: packed.bytes.count, signedWith: keys)
        var bytes: [UInt8] = []
        // An exact size, as a storage in memory keeps the array.
        bytes.reserveCapacity(self.header.record.storedByteCount)
        bytes += self.header.bytes
        bytes += packed.bytes
        self.bytes = bytes
    }

    /// Accepts stored bytes whose header is that of the version; ``open(behind:)`` verifies the
    /// rest.
    ///
    /// - Throws: ``HeapError/damaged(_:_:)``, or ``HeapError/snapshotTooLarge(byteCount:limit:)``
    ///   before anything is unpacked.
    package init(
        _ bytes: [UInt8], of version: HeapVersion, snapshotByteCountMax: Int,
        keys: SigningKeys? = nil
    ) throws(HeapError) {
        header = try Self.header(of: version, in: bytes, storedByteCount: bytes.count, keys: keys)
        guard header.record.snapshotByteCount <= snapshotByteCountMax else {
            throw .snapshotTooLarge(
                byteCount: header.record.snapshotByteCount, limit: snapshotByteCountMax)
        }
        self.bytes = bytes
    }

    /// Unpacks the snapshot and verifies that it is the one that was sealed.
    ///
    /// - Parameter prefix: the plain snapshot of the version that this one is packed behind.
    /// - Throws: ``HeapError/damaged(_:_:)``.
    package func open(behind prefix: [UInt8]? = nil) throws(HeapError) -> [UInt8] {
        do throws(EnvelopeDamage) {
            let snapshot = try unpack(behind: prefix)
            guard Array(SHA256.hash(data: snapshot)) == header.snapshotDigest else {
                throw .digestMismatch
            }
            return snapshot
        } catch {
            throw .damaged(.version(record.version), error)
        }
    }

    /// The same version, to be unpacked without another.
    func standingAlone(_ snapshot: [UInt8], keys: SigningKeys?) -> SnapshotEnvelope {
        SnapshotEnvelope(header, PackedSnapshot(snapshot), keys: keys)
    }

    /// The same envelope, signed with the first of the keys.
    func signed(with keys: SigningKeys) -> SnapshotEnvelope {
        let packed = PackedSnapshot(
            packing: header.packing, bytes: Array(bytes[header.byteCount...]))
        return SnapshotEnvelope(header, packed, keys: keys)
    }

    /// Reads a header from the first ``EnvelopeHeader/byteCountMax`` bytes of an envelope.
    static func header(
        of version: HeapVersion, in beginning: [UInt8], storedByteCount: Int, keys: SigningKeys?
    ) throws(HeapError) -> EnvelopeHeader {
        do {
            return try EnvelopeHeader(
                beginning, of: version, storedByteCount: storedByteCount, keys: keys)
        } catch {
            throw .damaged(.version(version), error)
        }
    }

    private func unpack(behind prefix: [UInt8]?) throws(EnvelopeDamage) -> [UInt8] {
        let packed = bytes[header.byteCount...]
        let byteCount = record.snapshotByteCount
        let snapshot: [UInt8]?
        switch header.packing {
        case .raw:
            snapshot = packed.count == byteCount ? Array(packed) : nil
        case .zstd:
            snapshot = Zstandard.decompress(packed, byteCount: byteCount)
        case .zstdBehind(let version, _):
            guard let prefix else { throw .prefixMissing(version) }
            snapshot = Zstandard.decompress(packed, behind: prefix, byteCount: byteCount)
        }
        guard let snapshot else { throw .invalidPacking }
        return snapshot
    }
}

/// A snapshot as it will lie behind its header.
struct PackedSnapshot: Sendable {
    let packing: SnapshotPacking
    let bytes: [UInt8]

    init(packing: SnapshotPacking, bytes: [UInt8]) {
        self.packing = packing
        self.bytes = bytes
    }

    /// Packs a snapshot so that nothing else is needed to unpack it.
    init(_ snapshot: [UInt8]) {
        let compressed = Zstandard.compress(snapshot)
        packing = compressed == nil ? .raw : .zstd
        bytes = compressed ?? snapshot
    }

    /// Packs a snapshot behind that of another version; nil if that would not make it smaller.
    init?(_ snapshot: [UInt8], behind prefix: ShelvedSnapshot) {
        guard let plain = prefix.snapshot, prefix.depth < SnapshotPacking.depthMax,
            let compressed = Zstandard.compress(snapshot, behind: plain)
        else { return nil }
        packing = .zstdBehind(prefix.version, depth: prefix.depth + 1)
        bytes = compressed
    }
}
