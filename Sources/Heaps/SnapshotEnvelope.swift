internal import Crypto

/// A snapshot as it is stored: a header that says what it is and who made it, and the packed bytes.
///
/// Everything in here is work for a thread that may be kept busy: it hashes and packs whole
/// snapshots.
package struct SnapshotEnvelope: Sendable {
    /// What the header says.
    package let record: VersionRecord
    /// The header and the packed snapshot.
    package let bytes: [UInt8]

    /// Packs a snapshot and names its version.
    ///
    /// - Throws: ``EnvelopeDamage/invalidHeader`` if the engine's name is endless.
    package init(
        sealing snapshot: [UInt8], by run: RunDescription, parent: HeapVersion?, created: WallTime
    ) throws(EnvelopeDamage) {
        let compressed = Zstandard.compress(snapshot)
        let (record, header) = try EnvelopeHeader.encode(
            run: run, parent: parent, created: created,
            snapshotDigest: Array(SHA256.hash(data: snapshot)),
            snapshotByteCount: snapshot.count,
            encoding: compressed == nil ? .raw : .zstd,
            packedByteCount: (compressed ?? snapshot).count)
        self.record = record
        var bytes: [UInt8] = []
        // An exact size, as a storage in memory keeps the array.
        bytes.reserveCapacity(record.storedByteCount)
        bytes += header
        bytes += compressed ?? snapshot
        self.bytes = bytes
    }

    /// Accepts stored bytes whose header is that of the version; ``open()`` verifies the rest.
    ///
    /// - Throws: ``HeapError/damaged(_:_:)``, or ``HeapError/snapshotTooLarge(byteCount:limit:)``
    ///   before anything is unpacked.
    package init(
        _ bytes: [UInt8], of version: HeapVersion, snapshotByteCountMax: Int
    ) throws(HeapError) {
        record = try Self.record(of: version, in: bytes, storedByteCount: bytes.count)
        guard record.snapshotByteCount <= snapshotByteCountMax else {
            throw .snapshotTooLarge(
                byteCount: record.snapshotByteCount, limit: snapshotByteCountMax)
        }
        self.bytes = bytes
    }

    /// Unpacks the snapshot and verifies that it is the one that was sealed.
    ///
    /// - Throws: ``HeapError/damaged(_:_:)``.
    package func open() throws(HeapError) -> [UInt8] {
        do throws(EnvelopeDamage) {
            let header = try EnvelopeHeader(
                bytes, of: record.version, storedByteCount: bytes.count)
            let snapshot = try unpack(header)
            guard Array(SHA256.hash(data: snapshot)) == header.snapshotDigest else {
                throw .digestMismatch
            }
            return snapshot
        } catch {
            throw .damaged(.version(record.version), error)
        }
    }

    /// Reads what is known of a version from the first ``EnvelopeHeader/byteCountMax`` bytes of its
    /// envelope.
    static func record(
        of version: HeapVersion, in beginning: [UInt8], storedByteCount: Int
    ) throws(HeapError) -> VersionRecord {
        do {
            return try EnvelopeHeader(beginning, of: version, storedByteCount: storedByteCount)
                .record
        } catch {
            throw .damaged(.version(version), error)
        }
    }

    private func unpack(_ header: EnvelopeHeader) throws(EnvelopeDamage) -> [UInt8] {
        let packed = bytes[header.byteCount...]
        let byteCount = record.snapshotByteCount
        switch header.encoding {
        case .raw:
            guard packed.count == byteCount else { throw .invalidPacking }
            return Array(packed)
        case .zstd:
            guard let snapshot = Zstandard.decompress(packed, byteCount: byteCount) else {
                throw .invalidPacking
            }
            return snapshot
        }
    }
}
