internal import Crypto
internal import WorkerProtocol

/// The fields before a stored snapshot; `docs/formats/envelope.md` is their layout.
struct EnvelopeHeader: Hashable {
    static let magic: [UInt8] = [0x89] + "MV8\r\n\u{1A}\n".utf8
    static let format: UInt16 = 2
    /// The bytes before the record, in which every field has its place.
    static let prologueByteCount = 122
    /// No header is longer: the longest texts and all other fields.
    static let byteCountMax = 1024
    private static let versionStart = 24

    /// How the snapshot is stored.
    let packing: SnapshotPacking
    /// The signature of the fields; nil if they are not signed.
    let signature: [UInt8]?
    /// What the version is the digest of, laid out.
    let fields: [UInt8]
    let record: VersionRecord
    let snapshotDigest: [UInt8]

    /// The snapshot starts there.
    var byteCount: Int { Self.prologueByteCount + fields.count }

    /// How many bytes of packed snapshot follow the header.
    var packedByteCount: Int { record.storedByteCount - byteCount }

    /// The header as it is stored.
    var bytes: [UInt8] {
        let nothing = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        var writer = WireWriter(capacity: Self.prologueByteCount)
        writer.write(Self.format)
        writer.write(packing.code)
        writer.write(UInt32(byteCount))
        writer.write(UInt64(packedByteCount))
        var bytes = Self.magic + writer.bytes
        bytes.reserveCapacity(byteCount)
        bytes += record.version.digestBytes
        bytes += packing.prefix?.digestBytes ?? nothing
        bytes += [packing.depth, signature == nil ? 0 : 1]
        bytes += signature ?? nothing
        bytes += fields
        return bytes
    }
}

extension EnvelopeHeader {
    /// Names a version; how its snapshot is packed is said by
    /// ``repacked(as:byteCount:signedWith:)``.
    ///
    /// - Throws: ``EnvelopeDamage/invalidHeader`` if the header would be too long, because a worker
    ///   gave an endless name of its engine.
    init(
        run: RunDescription, parent: HeapVersion?, created: WallTime, snapshotDigest: [UInt8],
        snapshotByteCount: Int
    ) throws(EnvelopeDamage) {
        var fields = WireWriter(capacity: Self.byteCountMax)
        fields.write(snapshotDigest)
        fields.write(UInt64(snapshotByteCount))
        fields.write(optional: parent) { $0.write($1.digestBytes) }
        fields.write(created.millisecondsSince1970)
        fields.write(run.durationMicroseconds)
        fields.write(run.heapByteCount)
        fields.write(run.runNumber)
        fields.write(run.engine.v8Version)
        fields.write(run.engine.buildID)
        fields.write(run.engine.mode.rawValue)
        fields.write(run.engine.nativesVersion)
        fields.write(run.codeFirstLine)
        guard Self.prologueByteCount + fields.bytes.count <= Self.byteCountMax else {
            throw .invalidHeader
        }
        packing = .raw
        signature = nil
        self.fields = fields.bytes
        self.snapshotDigest = snapshotDigest
        record = VersionRecord(
            version: HeapVersion(SHA256.hash(data: fields.bytes)), parent: parent,
            created: created, durationMicroseconds: run.durationMicroseconds,
            heapByteCount: run.heapByteCount, snapshotByteCount: snapshotByteCount,
            storedByteCount: Self.prologueByteCount + fields.bytes.count + snapshotByteCount,
            packing: .raw, engine: run.engine, runNumber: run.runNumber,
            codeFirstLine: run.codeFirstLine)
    }

    /// The header of the same version with its snapshot stored in another way, signed anew.
    func repacked(
        as packing: SnapshotPacking, byteCount packedByteCount: Int, signedWith keys: SigningKeys?
    ) -> EnvelopeHeader {
        var record = record
        record.storedByteCount = byteCount + packedByteCount
        record.packing = packing
        return EnvelopeHeader(
            packing: packing, signature: keys?.sign(fields, as: .version) ?? signature,
            fields: fields, record: record, snapshotDigest: snapshotDigest)
    }

    /// Reads a header and checks every field against the version and against how many bytes are
    /// stored.
    ///
    /// - Parameters:
    ///   - beginning: at least the header, if there is a whole one.
    ///   - storedByteCount: how many bytes the whole envelope has.
    ///   - keys: by one of which it must be signed; nil if a signature is not looked at.
    init(
        _ beginning: [UInt8], of version: HeapVersion, storedByteCount: Int, keys: SigningKeys?
    ) throws(EnvelopeDamage) {
        let prologue = try Prologue(beginning)
        let byteCount = prologue.byteCount
        guard beginning.count >= byteCount,
            storedByteCount - byteCount >= prologue.packedByteCount
        else { throw .truncated }
        guard storedByteCount - byteCount == prologue.packedByteCount else { throw .extraBytes }
        fields = Array(beginning[Self.prologueByteCount..<byteCount])
        guard version == HeapVersion(SHA256.hash(data: fields)),
            prologue.version == version, prologue.packing.prefix != version
        else { throw .versionMismatch }
        try keys?.verify(prologue.signature, of: fields, as: .version)
        packing = prologue.packing
        signature = prologue.signature
        do {
            var record: VersionRecord
            (record, snapshotDigest) = try Self.decode(
                fields, of: version, storedByteCount: storedByteCount)
            record.packing = prologue.packing
            self.record = record
        } catch {
            throw .invalidHeader
        }
    }

    /// The version that an envelope says it is of, unverified; nil if it is too short for one.
    static func claimedVersion(in envelope: [UInt8]) -> HeapVersion? {
        guard envelope.count >= prologueByteCount else { return nil }
        return HeapVersion(digestBytes: Array(envelope[versionStart...].prefix(32)))
    }

    private static func decode(
        _ fields: [UInt8], of version: HeapVersion, storedByteCount: Int
    ) throws(WireError) -> (VersionRecord, snapshotDigest: [UInt8]) {
        var reader = WireReader(fields)
        let snapshotDigest = try reader.readBytes()
        let snapshotByteCount = Int(clamping: try reader.read(UInt64.self))
        let parent = try reader.readOptional { (reader) throws(WireError) -> HeapVersion in
            guard let parent = HeapVersion(digestBytes: try reader.readBytes()) else {
                throw .truncated
            }
            return parent
        }
        let created = WallTime(millisecondsSince1970: try reader.read())
        let durationMicroseconds: UInt64 = try reader.read()
        let heapByteCount: UInt64 = try reader.read()
        let runNumber: UInt32 = try reader.read()
        let v8Version = try reader.readText()
        let buildID = try reader.readText()
        let modeCode: UInt8 = try reader.read()
        guard let mode = EngineIdentity.Mode(rawValue: modeCode) else {
            throw .unknownTag(modeCode, in: "mode")
        }
        let engine = EngineIdentity(
            v8Version: v8Version, buildID: buildID, mode: mode, nativesVersion: try reader.read())
        let codeFirstLine = try reader.readText()
        try reader.finish()
        let record = VersionRecord(
            version: version, parent: parent, created: created,
            durationMicroseconds: durationMicroseconds, heapByteCount: heapByteCount,
            snapshotByteCount: snapshotByteCount, storedByteCount: storedByteCount,
            packing: .raw, engine: engine, runNumber: runNumber, codeFirstLine: codeFirstLine)
        return (record, snapshotDigest)
    }
}

/// The fields that have their place, each possible in itself.
private struct Prologue {
    let packing: SnapshotPacking
    let byteCount: Int
    let packedByteCount: Int
    let version: HeapVersion
    let signature: [UInt8]?

    init(_ beginning: [UInt8]) throws(EnvelopeDamage) {
        guard beginning.starts(with: EnvelopeHeader.magic) else { throw .unknownMagic }
        guard beginning.count >= EnvelopeHeader.magic.count + 2 else { throw .truncated }
        let format = UInt16(beginning[8]) | UInt16(beginning[9]) << 8
        guard format == EnvelopeHeader.format else { throw .unknownFormat(format) }
        guard beginning.count >= EnvelopeHeader.prologueByteCount else { throw .truncated }
        var reader = WireReader(Array(beginning[10..<24]))
        let code: UInt16
        do {
            code = try reader.read()
            byteCount = Int(try reader.read(UInt32.self))
            packedByteCount = Int(clamping: try reader.read(UInt64.self))
        } catch {
            throw .invalidHeader
        }
        guard let version = HeapVersion(digestBytes: Array(beginning[24..<56])),
            let prefix = HeapVersion(digestBytes: Array(beginning[56..<88]))
        else { throw .invalidHeader }
        guard (1...3).contains(code) else { throw .unknownEncoding(code) }
        guard let packing = SnapshotPacking(code: code, prefix: prefix, depth: beginning[88]),
            beginning[89] <= 1,
            packing.prefix != nil || beginning[56..<88].allSatisfy({ $0 == 0 }),
            (beginning[89] == 0) == beginning[90..<122].allSatisfy({ $0 == 0 }),
            (EnvelopeHeader.prologueByteCount...EnvelopeHeader.byteCountMax).contains(byteCount)
        else { throw .invalidHeader }
        self.packing = packing
        self.version = version
        signature = beginning[89] == 1 ? Array(beginning[90..<122]) : nil
    }
}
