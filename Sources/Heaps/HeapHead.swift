internal import Crypto
internal import WorkerProtocol

/// Where a heap's name points; `docs/formats/layout.md` is how it is stored.
package struct HeapHead: Hashable, Sendable {
    /// The heap.
    package let name: HeapName
    /// The version that the heap is at.
    package let version: HeapVersion
    /// The number of the run that made the version.
    package let runNumber: UInt32
    /// How many bytes the version's snapshot has when it is restored.
    package let snapshotByteCount: Int
    /// When the head came here.
    package let updated: WallTime
    /// How often the head has moved since the heap was made, from 1.
    package let generation: UInt64
    /// A random number that makes this head unlike every other, even at the same version.
    let nonce: UInt64
    /// What the storage compares.
    let tag: StorageTag
}

extension HeapHead {
    /// No record is larger.
    static let byteCountMax = 512
    private static let magic: [UInt8] = [0x89] + "MV8H\r\n\u{1A}".utf8
    private static let format: UInt16 = 1
    /// The same with a signature behind the digest.
    private static let signedFormat: UInt16 = 2

    /// Lays out the record of a head that has no tag yet.
    static func encode(
        _ name: HeapName, at record: VersionRecord, updated: WallTime, generation: UInt64,
        nonce: UInt64, keys: SigningKeys?
    ) -> [UInt8] {
        var writer = WireWriter(capacity: byteCountMax)
        writer.write(keys == nil ? format : signedFormat)
        writer.write(generation)
        writer.write(nonce)
        writer.write(record.version.digestBytes)
        writer.write(record.runNumber)
        writer.write(UInt64(record.snapshotByteCount))
        writer.write(updated.millisecondsSince1970)
        writer.write(name.text)
        let content = magic + writer.bytes
        return content + Array(SHA256.hash(data: content))
            + (keys?.sign(content, as: .head) ?? [])
    }

    /// Reads a record that was found under a name.
    ///
    /// - Throws: ``EnvelopeDamage/keyMissing`` if it is signed and there are no keys: what would be
    ///   written over it would not be signed.
    init(
        _ object: StoredObject, of name: HeapName, keys: SigningKeys?
    ) throws(EnvelopeDamage) {
        guard object.bytes.starts(with: Self.magic) else { throw .unknownMagic }
        do {
            var reader = WireReader(Array(object.bytes.dropFirst(Self.magic.count)))
            let format: UInt16 = try reader.read()
            guard [Self.format, Self.signedFormat].contains(format) else {
                throw EnvelopeDamage.unknownFormat(format)
            }
            let isSigned = format == Self.signedFormat
            let signed = object.bytes.dropLast(isSigned ? SigningKeys.signatureByteCount : 0)
            let content = Array(signed.dropLast(SHA256Digest.byteCount))
            guard SHA256.hash(data: content) == signed.suffix(SHA256Digest.byteCount) else {
                throw EnvelopeDamage.digestMismatch
            }
            if isSigned, keys == nil { throw EnvelopeDamage.keyMissing }
            try keys?.verify(
                isSigned ? Array(object.bytes[signed.endIndex...]) : nil, of: content, as: .head)
            reader = WireReader(Array(content.dropFirst(Self.magic.count)))
            _ = try reader.read(UInt16.self)
            generation = try reader.read()
            nonce = try reader.read()
            let version = HeapVersion(digestBytes: try reader.readBytes())
            runNumber = try reader.read()
            snapshotByteCount = Int(clamping: try reader.read(UInt64.self))
            updated = WallTime(millisecondsSince1970: try reader.read())
            guard let version, try reader.readText() == name.text else {
                throw EnvelopeDamage.versionMismatch
            }
            try reader.finish()
            self.name = name
            self.version = version
            tag = object.tag
        } catch {
            throw error as? EnvelopeDamage ?? .invalidHeader
        }
    }
}
