internal import Crypto
internal import WorkerProtocol

/// The fields before a stored snapshot; `docs/formats/envelope.md` is their layout.
struct EnvelopeHeader: Hashable {
    /// How the snapshot's bytes are stored.
    enum Encoding: UInt16 {
        /// As they are.
        case raw = 1
        /// As one zstd frame.
        case zstd = 2
    }

    static let magic: [UInt8] = [0x89] + "MV8\r\n\u{1A}\n".utf8
    static let format: UInt16 = 1
    /// The bytes before the version.
    static let prologueByteCount = 24
    /// No header is longer: the longest texts and all other fields.
    static let byteCountMax = 1024
    private static let recordStart = prologueByteCount + SHA256Digest.byteCount

    let encoding: Encoding
    let byteCount: Int
    let record: VersionRecord
    let snapshotDigest: [UInt8]

    /// How many bytes of packed snapshot follow the header.
    var packedByteCount: Int { record.storedByteCount - byteCount }
}

extension EnvelopeHeader {
    /// Names a version and lays out its header.
    ///
    /// - Throws: ``EnvelopeDamage/invalidHeader`` if it would be too long, because a worker gave an
    ///   endless name of its engine.
    static func encode(
        run: RunDescription, parent: HeapVersion?, created: WallTime, snapshotDigest: [UInt8],
        snapshotByteCount: Int, encoding: Encoding, packedByteCount: Int
    ) throws(EnvelopeDamage) -> (record: VersionRecord, bytes: [UInt8]) {
        var fields = WireWriter(capacity: byteCountMax)
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

        let version = HeapVersion(SHA256.hash(data: fields.bytes))
        let byteCount = recordStart + fields.bytes.count
        guard byteCount <= byteCountMax else { throw .invalidHeader }
        var prologue = WireWriter(capacity: prologueByteCount)
        prologue.write(format)
        prologue.write(encoding.rawValue)
        prologue.write(UInt32(byteCount))
        prologue.write(UInt64(packedByteCount))
        let record = VersionRecord(
            version: version, parent: parent, created: created,
            durationMicroseconds: run.durationMicroseconds, heapByteCount: run.heapByteCount,
            snapshotByteCount: snapshotByteCount, storedByteCount: byteCount + packedByteCount,
            engine: run.engine, runNumber: run.runNumber, codeFirstLine: run.codeFirstLine)
        return (record, magic + prologue.bytes + version.digestBytes + fields.bytes)
    }

    /// Reads a header and checks every field against the version and against how many bytes are
    /// stored.
    ///
    /// - Parameters:
    ///   - beginning: at least the header, if there is a whole one.
    ///   - storedByteCount: how many bytes the whole envelope has.
    init(
        _ beginning: [UInt8], of version: HeapVersion, storedByteCount: Int
    ) throws(EnvelopeDamage) {
        guard beginning.starts(with: Self.magic) else { throw .unknownMagic }
        guard beginning.count >= Self.recordStart else { throw .truncated }
        var prologue = WireReader(Array(beginning[Self.magic.count..<Self.prologueByteCount]))
        let packedByteCount: Int
        do {
            let format: UInt16 = try prologue.read()
            guard format == Self.format else { throw EnvelopeDamage.unknownFormat(format) }
            let code: UInt16 = try prologue.read()
            guard let encoding = Encoding(rawValue: code) else {
                throw EnvelopeDamage.unknownEncoding(code)
            }
            self.encoding = encoding
            byteCount = Int(try prologue.read(UInt32.self))
            packedByteCount = Int(clamping: try prologue.read(UInt64.self))
        } catch {
            throw error as? EnvelopeDamage ?? .invalidHeader
        }
        guard (Self.recordStart...Self.byteCountMax).contains(byteCount) else {
            throw .invalidHeader
        }
        guard beginning.count >= byteCount, storedByteCount - byteCount >= packedByteCount else {
            throw .truncated
        }
        guard storedByteCount - byteCount == packedByteCount else { throw .extraBytes }

        let fields = Array(beginning[Self.recordStart..<byteCount])
        guard version == HeapVersion(SHA256.hash(data: fields)),
            version.digestBytes == Array(beginning[Self.prologueByteCount..<Self.recordStart])
        else { throw .versionMismatch }
        do {
            (record, snapshotDigest) = try Self.decode(
                fields, of: version, storedByteCount: storedByteCount)
        } catch {
            throw .invalidHeader
        }
    }

    /// The version that an envelope says it is of, unverified; nil if it is too short for one.
    static func claimedVersion(in envelope: [UInt8]) -> HeapVersion? {
        guard envelope.count >= recordStart else { return nil }
        return HeapVersion(digestBytes: Array(envelope[prologueByteCount..<recordStart]))
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
            engine: engine, runNumber: runNumber, codeFirstLine: codeFirstLine)
        return (record, snapshotDigest)
    }
}
