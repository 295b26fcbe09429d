internal import Crypto
internal import WorkerProtocol

/// What opens an exported file; `docs/formats/export.md` is the layout.
private enum ArchiveFormat {
    static let magic: [UInt8] = [0x89] + "MV8X\r\n\u{1A}".utf8
    static let number: UInt16 = 1
    static let sizeByteCount = 8
}

/// Writes versions of a heap into one file.
package struct HeapArchiveWriter {
    private var digest = SHA256()
    private let write: ([UInt8]) throws(HeapError) -> Void

    /// Begins a file of so many versions.
    ///
    /// - Parameter write: appends bytes to the file.
    package init(
        of name: HeapName?, versionCount: Int, write: @escaping ([UInt8]) throws(HeapError) -> Void
    ) throws(HeapError) {
        self.write = write
        var fields = WireWriter(capacity: 64 + HeapName.byteCountMax)
        fields.write(ArchiveFormat.number)
        fields.write(name?.text ?? "")
        fields.write(UInt32(versionCount))
        try append(ArchiveFormat.magic + fields.bytes)
    }

    /// Adds the parent of the version that was added before.
    package mutating func add(_ envelope: SnapshotEnvelope) throws(HeapError) {
        var size = WireWriter(capacity: ArchiveFormat.sizeByteCount)
        size.write(UInt64(envelope.bytes.count))
        try append(size.bytes)
        try append(envelope.bytes)
    }

    /// Ends the file.
    package mutating func finish() throws(HeapError) {
        try write(Array(digest.finalize()))
    }

    private mutating func append(_ bytes: [UInt8]) throws(HeapError) {
        digest.update(data: bytes)
        try write(bytes)
    }
}

/// Reads versions of a heap from one file and verifies them.
package struct HeapArchiveReader {
    /// The heap that was exported; nil if it was a version without a name.
    package private(set) var name: HeapName?
    /// How many versions are left.
    package private(set) var versionCount = 0
    private var parent: HeapVersion?
    private var digest = SHA256()
    private let snapshotByteCountMax: Int
    private let keys: SigningKeys?
    private let read: (Int) throws(HeapError) -> [UInt8]

    /// Reads the beginning of a file.
    ///
    /// - Parameters:
    ///   - keys: by one of which each version must be signed; nil if signatures are not looked at.
    ///   - read: the next bytes of the file, as many as asked for, or fewer at its end.
    /// - Throws: ``HeapError/archiveRefused(_:)``.
    package init(
        snapshotByteCountMax: Int, keys: SigningKeys? = nil,
        read: @escaping (Int) throws(HeapError) -> [UInt8]
    ) throws(HeapError) {
        self.snapshotByteCountMax = snapshotByteCountMax
        self.keys = keys
        self.read = read
        guard try take(ArchiveFormat.magic.count) == ArchiveFormat.magic else {
            throw .archiveRefused(.unknownMagic)
        }
        let format: UInt16 = try takeInteger()
        guard format == ArchiveFormat.number else {
            throw .archiveRefused(.unknownFormat(format))
        }
        let nameByteCount: UInt32 = try takeInteger()
        guard nameByteCount <= HeapName.byteCountMax else { throw .archiveRefused(.invalidHeader) }
        let text = String(decoding: try take(Int(nameByteCount)), as: UTF8.self)
        if !text.isEmpty {
            guard let name = try? HeapName(text) else { throw .archiveRefused(.invalidHeader) }
            self.name = name
        }
        versionCount = Int(try takeInteger() as UInt32)
        guard versionCount > 0 else { throw .archiveRefused(.invalidHeader) }
    }

    /// Reads the next version; nil at the end of a file that is whole.
    ///
    /// Its snapshot is not verified: ``SnapshotEnvelope/open()`` does that.
    ///
    /// - Throws: ``HeapError/archiveRefused(_:)``.
    package mutating func next() throws(HeapError) -> SnapshotEnvelope? {
        guard versionCount > 0 else {
            try finish()
            return nil
        }
        let byteCount: UInt64 = try takeInteger()
        guard byteCount <= EnvelopeHeader.byteCountMax + snapshotByteCountMax else {
            throw .snapshotTooLarge(
                byteCount: Int(clamping: byteCount), limit: snapshotByteCountMax)
        }
        let bytes = try take(Int(byteCount))
        guard let version = EnvelopeHeader.claimedVersion(in: bytes) else {
            throw .archiveRefused(.invalidHeader)
        }
        guard parent == nil || parent == version else { throw .archiveRefused(.versionMismatch) }
        let envelope = try Self.refusing { () throws(HeapError) in
            try SnapshotEnvelope(
                bytes, of: version, snapshotByteCountMax: snapshotByteCountMax, keys: keys)
        }
        versionCount -= 1
        parent = envelope.record.parent
        guard parent != nil || versionCount == 0 else { throw .archiveRefused(.versionMismatch) }
        return envelope
    }

    /// Tells damage of the file from damage of the storage.
    static func refusing<Result>(
        _ body: () throws(HeapError) -> Result
    ) throws(HeapError) -> Result {
        do throws(HeapError) {
            return try body()
        } catch .damaged(_, let damage) {
            throw .archiveRefused(damage)
        }
    }

    private mutating func finish() throws(HeapError) {
        let computed = Array(digest.finalize())
        guard try take(SHA256Digest.byteCount) == computed else {
            throw .archiveRefused(.digestMismatch)
        }
        guard try read(1).isEmpty else { throw .archiveRefused(.extraBytes) }
    }

    private mutating func takeInteger<Value: FixedWidthInteger>() throws(HeapError) -> Value {
        try take(Value.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Value($1) }
    }

    private mutating func take(_ byteCount: Int) throws(HeapError) -> [UInt8] {
        let bytes = try read(byteCount)
        guard bytes.count == byteCount else { throw .archiveRefused(.truncated) }
        digest.update(data: bytes)
        return bytes
    }
}
