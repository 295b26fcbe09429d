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
    /// How often a worker of this heap did what only a script does that broke out of V8; a move to
    /// another version by name forgets it.
    package let incidentCount: UInt16
    /// A random number that makes this head unlike every other, even at the same version.
    let nonce: UInt64
    /// What the storage compares.
    var tag: StorageTag
}

extension HeapHead {
    /// No record is larger.
    static let byteCountMax = 512
    private static let magic: [UInt8] = [0x89] + "MV8H\r\n\u{1A}".utf8

    /// What a head's record has beside the fields that every one has.
    private struct Format {
        /// Older builds had better not read a head with incidents as one without.
        var hasIncidents: Bool
        /// A signature is behind the digest.
        var isSigned: Bool

        var code: UInt16 { 1 + (isSigned ? 1 : 0) + (hasIncidents ? 2 : 0) }

        init(hasIncidents: Bool, isSigned: Bool) {
            self.hasIncidents = hasIncidents
            self.isSigned = isSigned
        }

        init(code: UInt16) throws(EnvelopeDamage) {
            guard (1...4).contains(code) else { throw .unknownFormat(code) }
            self.init(hasIncidents: code > 2, isSigned: code % 2 == 0)
        }
    }

    /// Lays out the record, without its tag.
    func encoded(keys: SigningKeys?) -> [UInt8] {
        var writer = WireWriter(capacity: Self.byteCountMax)
        writer.write(Format(hasIncidents: incidentCount > 0, isSigned: keys != nil).code)
        writer.write(generation)
        writer.write(nonce)
        writer.write(version.digestBytes)
        writer.write(runNumber)
        writer.write(UInt64(snapshotByteCount))
        writer.write(updated.millisecondsSince1970)
        writer.write(name.text)
        if incidentCount > 0 { writer.write(incidentCount) }
        let content = Self.magic + writer.bytes
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
            let format = try Format(code: try reader.read())
            let signed = object.bytes.dropLast(
                format.isSigned ? SigningKeys.signatureByteCount : 0)
            let content = Array(signed.dropLast(SHA256Digest.byteCount))
            guard SHA256.hash(data: content) == signed.suffix(SHA256Digest.byteCount) else {
                throw EnvelopeDamage.digestMismatch
            }
            if format.isSigned, keys == nil { throw EnvelopeDamage.keyMissing }
            try keys?.verify(
                format.isSigned ? Array(object.bytes[signed.endIndex...]) : nil, of: content,
                as: .head)
            reader = WireReader(Array(content.dropFirst(Self.magic.count)))
            _ = try reader.read(UInt16.self)
            generation = try reader.read()
            nonce = try reader.read()
            let version = HeapVersion(digestBytes: try reader.readBytes())
            runNumber = try reader.read()
            guard let byteCount = Int(exactly: try reader.read(UInt64.self)) else {
                throw EnvelopeDamage.invalidHeader
            }
            snapshotByteCount = byteCount
            updated = WallTime(millisecondsSince1970: try reader.read())
            guard let version, try reader.readText() == name.text else {
                throw EnvelopeDamage.versionMismatch
            }
            incidentCount = format.hasIncidents ? try reader.read() : 0
            try reader.finish()
            self.name = name
            self.version = version
            tag = object.tag
        } catch {
            throw error as? EnvelopeDamage ?? .invalidHeader
        }
    }
}
