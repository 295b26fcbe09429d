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
    private static let format: UInt16 = 1
    /// The format of a head with incidents, which older builds had better not read as one without.
    private static let formatWithIncidents: UInt16 = 2

    /// Lays out the record, without its tag.
    func encoded() -> [UInt8] {
        var writer = WireWriter(capacity: Self.byteCountMax)
        writer.write(incidentCount == 0 ? Self.format : Self.formatWithIncidents)
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
    }

    /// Reads a record that was found under a name.
    init(_ object: StoredObject, of name: HeapName) throws(EnvelopeDamage) {
        let content = Array(object.bytes.dropLast(SHA256Digest.byteCount))
        guard content.starts(with: Self.magic) else { throw .unknownMagic }
        do {
            var reader = WireReader(Array(content.dropFirst(Self.magic.count)))
            let format: UInt16 = try reader.read()
            guard [Self.format, Self.formatWithIncidents].contains(format) else {
                throw EnvelopeDamage.unknownFormat(format)
            }
            guard SHA256.hash(data: content) == object.bytes.suffix(SHA256Digest.byteCount) else {
                throw EnvelopeDamage.digestMismatch
            }
            generation = try reader.read()
            nonce = try reader.read()
            let version = HeapVersion(digestBytes: try reader.readBytes())
            runNumber = try reader.read()
            snapshotByteCount = Int(clamping: try reader.read(UInt64.self))
            updated = WallTime(millisecondsSince1970: try reader.read())
            guard let version, try reader.readText() == name.text else {
                throw EnvelopeDamage.versionMismatch
            }
            incidentCount = format == Self.formatWithIncidents ? try reader.read() : 0
            try reader.finish()
            self.name = name
            self.version = version
            tag = object.tag
        } catch {
            throw error as? EnvelopeDamage ?? .invalidHeader
        }
    }
}
