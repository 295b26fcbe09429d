import Testing
import WorkerProtocol

@testable import Heaps

@Suite("Snapshot envelope")
struct SnapshotEnvelopeTests {
    private static let snapshot = snapshotBytes(300)
    private static let packedByteCount = Zstandard.compress(snapshot)?.count ?? 0
    private static let envelope: SnapshotEnvelope = {
        let run = RunDescription.example("let a = 1\nlet b")
        let sealed = try? SnapshotEnvelope(
            sealing: snapshot, by: run, parent: nil, created: .example)
        guard let sealed else { preconditionFailure("The example can be sealed.") }
        return sealed
    }()

    private func reopen(
        _ bytes: [UInt8], of version: HeapVersion = envelope.record.version,
        snapshotByteCountMax: Int = 1 << 20
    ) throws(HeapError) -> [UInt8] {
        try SnapshotEnvelope(bytes, of: version, snapshotByteCountMax: snapshotByteCountMax)
            .open()
    }

    @Test(
        "returns the snapshot that was sealed",
        arguments: [
            [], [1], [UInt8](repeating: 0, count: 100_000), snapshotBytes(99_999),
            (0..<1000).map { _ in UInt8.random(in: 0...255) },
        ])
    func roundTrip(_ snapshot: [UInt8]) throws {
        let parent = try HeapVersion.example(0x12)
        let sealed = try SnapshotEnvelope(
            sealing: snapshot, by: .example(runNumber: 2), parent: parent, created: .example)
        let found = try SnapshotEnvelope(
            sealed.bytes, of: sealed.record.version, snapshotByteCountMax: snapshot.count)
        #expect(try found.open() == snapshot)
        #expect(found.record == sealed.record)
        #expect(found.record.parent == parent)
        #expect(found.record.storedByteCount == sealed.bytes.count)
        #expect(sealed.bytes.count <= EnvelopeHeader.byteCountMax + snapshot.count)
    }

    @Test("keeps the first line of the code, cut and without control characters")
    func firstLine() {
        #expect(Self.envelope.record.codeFirstLine == "let a = 1")
        let code = "\n\n \u{1B}[31m" + String(repeating: "é", count: 500)
        let line = RunDescription.example(code).codeFirstLine
        #expect(line.hasPrefix(" [31mé"))
        #expect(line.count == RunDescription.codeCharacterCountMax)
        let zalgo = "a" + String(repeating: "\u{301}", count: 10_000)
        #expect(RunDescription.example(zalgo).codeFirstLine.utf8.count <= 360)
    }

    @Test("has the layout that is documented")
    func layout() {
        let bytes = Self.envelope.bytes
        #expect(bytes.prefix(8) == [0x89, 0x4D, 0x56, 0x38, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(bytes[8..<12] == [2, 0, 2, 0])
        #expect(bytes[56..<122].allSatisfy { $0 == 0 })
        #expect(Array(bytes[24..<56]) == Self.envelope.record.version.digestBytes)
        #expect(
            Self.envelope.record.version.text
                == "8c6f102b26cb14d44571ada7d06e55382fd3dcc0aabc678865d530f7ae483a56")
    }

    @Test("names a version by everything but its packing")
    func identity() throws {
        func version(
            _ snapshot: [UInt8] = snapshotBytes(64), _ run: RunDescription = .example(),
            _ parent: HeapVersion? = nil, _ created: WallTime = .example
        ) throws -> HeapVersion {
            try SnapshotEnvelope(sealing: snapshot, by: run, parent: parent, created: created)
                .record.version
        }
        var engine = EngineIdentity.ours
        engine.mode = .jitless
        let versions = try [
            version(), version(snapshotBytes(64, seed: 2)), version(snapshotBytes(65)),
            version(snapshotBytes(64), .example("y")),
            version(snapshotBytes(64), .example(runNumber: 2)),
            version(snapshotBytes(64), .example(engine: engine)),
            version(snapshotBytes(64), .example(), .example(1)),
            version(snapshotBytes(64), .example(), nil, WallTime(millisecondsSince1970: 0)),
        ]
        #expect(Set(versions).count == versions.count)
        #expect(try version() == versions[0])
    }

    @Test("does not seal under an engine's name that is endless")
    func endlessEngine() {
        var engine = EngineIdentity.ours
        engine.v8Version = String(repeating: "1", count: 1000)
        #expect(throws: EnvelopeDamage.invalidHeader) {
            try SnapshotEnvelope(
                sealing: [1], by: .example(engine: engine), parent: nil, created: .example)
        }
    }

    @Test("refuses every end that is missing", arguments: 0..<200)
    func truncated(_ count: Int) {
        #expect(throws: HeapError.self) { try reopen(Array(Self.envelope.bytes.prefix(count))) }
        #expect(throws: HeapError.self) {
            try reopen(Array(Self.envelope.bytes.dropLast(count + 1)))
        }
    }

    @Test("refuses every byte that is altered", arguments: [0x01, 0x80, 0xFF] as [UInt8])
    func altered(_ mask: UInt8) {
        let header = Self.envelope.bytes.count - Self.packedByteCount
        for index in Self.envelope.bytes.indices {
            var bytes = Self.envelope.bytes
            bytes[index] ^= mask
            // Bits of the packing itself may be without meaning; the snapshot is the same then.
            let snapshot = try? reopen(bytes)
            #expect(snapshot == nil || index >= header && snapshot == Self.snapshot, "\(index)")
        }
    }

    private static func altering(_ body: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = envelope.bytes
        body(&bytes)
        return bytes
    }

    private static let announcingOneMore = altering { $0[16] += 1 }

    @Test(
        "says what is wrong",
        arguments: [
            ([], .unknownMagic),
            (Array("not an envelope".utf8), .unknownMagic),
            (altering { $0[8] = 3 }, .unknownFormat(3)),
            (altering { $0[10] = 9 }, .unknownEncoding(9)),
            (altering { $0[10] = 1 }, .invalidPacking),
            (altering { $0[13] = 0xFF }, .invalidHeader),
            (altering { $0.replaceSubrange(12..<14, with: [0, 0]) }, .invalidHeader),
            (altering { $0[23] = 0xFF }, .truncated),
            (announcingOneMore, .truncated),
            (announcingOneMore + [0], .invalidPacking),
            (altering { $0.append(0) }, .extraBytes),
            (altering { $0.removeLast() }, .truncated),
            (altering { $0[30] ^= 1 }, .versionMismatch),
            (altering { $0[130] ^= 1 }, .versionMismatch),
            (altering { $0[56] = 1 }, .invalidHeader),
            (altering { $0[88] = 1 }, .invalidHeader),
            (altering { $0[89] = 2 }, .invalidHeader),
            (altering { $0[90] = 1 }, .invalidHeader),
            (Array(envelope.bytes.prefix(40)), .truncated),
        ] as [([UInt8], EnvelopeDamage)])
    func damage(_ bytes: [UInt8], _ damage: EnvelopeDamage) {
        let version = Self.envelope.record.version
        #expect(throws: HeapError.damaged(.version(version), damage)) { try reopen(bytes) }
    }

    @Test("refuses an envelope that lies under another version's key")
    func anotherKey() throws {
        let other = try HeapVersion.example(1)
        #expect(throws: HeapError.damaged(.version(other), .versionMismatch)) {
            try reopen(Self.envelope.bytes, of: other)
        }
    }

    @Test("refuses what is too large before it unpacks it")
    func bomb() {
        #expect(throws: HeapError.snapshotTooLarge(byteCount: 300, limit: 299)) {
            try SnapshotEnvelope(
                Self.envelope.bytes, of: Self.envelope.record.version,
                snapshotByteCountMax: 299)
        }
    }

    @Test("unpacks no frame to another size than announced", arguments: [0, 299, 301, 1 << 50])
    func announcedSize(_ byteCount: Int) throws {
        let frame = try #require(Zstandard.compress(Self.snapshot))
        #expect(Zstandard.decompress(frame[...], byteCount: byteCount) == nil)
        #expect(Zstandard.decompress(frame[...], byteCount: 300) == Self.snapshot)
    }

    @Test("refuses a snapshot that is packed well but is another one")
    func anotherSnapshot() throws {
        let header = try EnvelopeHeader(
            run: .example(), parent: nil, created: .example,
            snapshotDigest: [UInt8](repeating: 0, count: 32), snapshotByteCount: 3
        ).repacked(as: .raw, byteCount: 3, signedWith: nil)
        let version = header.record.version
        #expect(throws: HeapError.damaged(.version(version), .digestMismatch)) {
            try reopen(header.bytes + [1, 2, 3], of: version)
        }
    }
}
