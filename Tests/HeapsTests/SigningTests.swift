import Testing

@testable import Heaps

@Suite("Signing", .timeLimit(.minutes(5)))
struct SigningTests {
    private static let one = [UInt8](repeating: UInt8(ascii: "1"), count: 32)
    private static let two = [UInt8](repeating: UInt8(ascii: "2"), count: 40)
    private let name: HeapName
    private let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, logger: .silent)

    init() throws { name = try HeapName("counter") }

    private func heaps(_ keys: [[UInt8]]) throws -> HeapRepository {
        let file = Array(keys.joined(separator: [UInt8(ascii: "\n")]))
        return HeapRepository(
            storage: storage, snapshotByteCountMax: 1 << 20,
            keys: keys.isEmpty ? nil : try SigningKeys(file: file), logger: .silent)
    }

    private func commit(
        _ name: HeapName, in heaps: HeapRepository, seed: UInt64 = 1
    ) async throws -> HeapHead {
        let head = try await heaps.head(of: name)
        let run = RunDescription.example(runNumber: (head?.runNumber ?? 0) + 1)
        return try await heaps.commit(
            snapshotBytes(500, seed: seed), to: name, replacing: head, by: run)
    }

    private func overwrite(_ key: StorageKey, _ change: (inout [UInt8]) -> Void) async throws {
        var bytes = try #require(try await storage.get(key, byteCountMax: 1 << 20)).bytes
        change(&bytes)
        _ = try await storage.delete(key, if: .always)
        switch key.folder {
        case .heads: _ = try await storage.replace(key, with: bytes, expecting: nil)
        case .versions: _ = try await storage.create(key, bytes)
        }
    }

    @Test("reads what it signed, with any of its keys")
    func rotation() async throws {
        let first = try await commit(name, in: try heaps([Self.one]))
        let rotated = try heaps([Self.two, Self.one])
        #expect(try await rotated.load(first.version, for: .ours).snapshot.count == 500)
        let second = try await commit(name, in: rotated, seed: 2)
        let after = try heaps([Self.two])
        #expect(try await after.load(second.version, for: .ours).snapshot.count == 500)
        await #expect(
            throws: HeapError.damaged(.version(first.version), .signatureMismatch)
        ) { try await after.load(first.version, for: .ours) }
    }

    @Test("needs no key for what a version was packed behind")
    func rotationOfPrefix() async throws {
        var head: HeapHead?
        for (number, keys) in [[Self.one], [Self.two, Self.one]].enumerated() {
            let heaps = try heaps(keys)
            if let head { _ = try await heaps.load(head.version, for: .ours) }
            var snapshot = snapshotBytes(5000)
            snapshot[100] = UInt8(number)
            head = try await heaps.commit(
                snapshot, to: name, replacing: try await heaps.head(of: name),
                by: .example(runNumber: UInt32(number + 1)))
        }
        let record = try await heaps([Self.two]).resolve(.head(name))
        #expect(record.packing.depth == 1)
        #expect(try await heaps([Self.two]).load(record.version, for: .ours).snapshot[100] == 1)
        #expect(try await heaps([Self.two]).history(of: .head(name), limit: 9).records.count == 2)
        _ = try await heaps([Self.two]).collectGarbage()
    }

    @Test("takes no version that is not signed for a heap's")
    func forkOfUnsigned() async throws {
        let head = try await commit(name, in: try heaps([]))
        await #expect(throws: HeapError.damaged(.version(head.version), .unsigned)) {
            try await heaps([Self.one]).fork(
                .version(head.version), to: try HeapName("other"), ifTaken: .refuse)
        }
    }

    @Test("refuses what is not signed")
    func unsigned() async throws {
        let head = try await commit(name, in: try heaps([]))
        let signed = try heaps([Self.one])
        await #expect(throws: HeapError.damaged(.head(name), .unsigned)) {
            try await signed.head(of: name)
        }
        await #expect(throws: HeapError.damaged(.version(head.version), .unsigned)) {
            try await signed.load(head.version, for: .ours)
        }
        await #expect(throws: HeapError.damaged(.head(name), .unsigned)) {
            try await commit(name, in: signed)
        }
        let report = try await signed.check(.records, onDamage: .setAside)
        #expect(report.problems.count == 2)
        #expect(report.problems.allSatisfy { !$0.isSetAside })
    }

    @Test("refuses signed heads where there is no key")
    func noKey() async throws {
        _ = try await commit(name, in: try heaps([Self.one]))
        await #expect(throws: HeapError.damaged(.head(name), .keyMissing)) {
            try await heaps([]).head(of: name)
        }
    }

    @Test("refuses a signature of another version, of a head, or of nobody")
    func swapped() async throws {
        let signed = try heaps([Self.one])
        let head = try await commit(name, in: signed)
        let other = try await commit(try HeapName("other"), in: signed, seed: 2)
        let stranger = try SigningKeys(file: Self.two)
        let otherBytes = try #require(
            try await storage.get(.version(other.version), byteCountMax: 1 << 20)
        ).bytes
        let forged: [[UInt8]] = [
            Array(otherBytes[90..<122]), stranger.sign([1], as: .version),
            [UInt8](repeating: 1, count: 32),
        ]
        for signature in forged {
            try await overwrite(.version(head.version)) { bytes in
                bytes.replaceSubrange(90..<122, with: signature)
            }
            await #expect(
                throws: HeapError.damaged(.version(head.version), .signatureMismatch)
            ) { try await signed.load(head.version, for: .ours) }
        }
    }

    @Test("refuses a head of another heap, and one that was made up")
    func forgedHead() async throws {
        let signed = try heaps([Self.one])
        _ = try await commit(name, in: signed)
        let other = try HeapName("other")
        _ = try await commit(other, in: signed, seed: 2)
        let otherHead = try #require(
            try await storage.get(.head(other), byteCountMax: 512)
        ).bytes
        try await overwrite(.head(name)) { $0 = otherHead }
        await #expect(throws: HeapError.damaged(.head(name), .versionMismatch)) {
            try await signed.head(of: name)
        }
        let record = try await signed.resolve(.head(other))
        let made = HeapHead(
            name: name, version: record.version, runNumber: record.runNumber,
            snapshotByteCount: record.snapshotByteCount, updated: .example, generation: 9,
            incidentCount: 0, nonce: 9, tag: StorageTag("")
        ).encoded(keys: try SigningKeys(file: Self.two))
        try await overwrite(.head(name)) { $0 = made }
        await #expect(throws: HeapError.damaged(.head(name), .signatureMismatch)) {
            try await signed.head(of: name)
        }
    }

    @Test("refuses every bit of a signed head that is altered")
    func alteredHead() async throws {
        let signed = try heaps([Self.one])
        _ = try await commit(name, in: signed)
        let count = try #require(try await storage.get(.head(name), byteCountMax: 512)).bytes.count
        for index in 0..<count {
            try await overwrite(.head(name)) { $0[index] ^= 1 }
            await #expect(throws: HeapError.self, "\(index)") {
                try await signed.head(of: name)
            }
            try await overwrite(.head(name)) { $0[index] ^= 1 }
        }
        #expect(try await signed.head(of: name) != nil)
    }

    @Test("imports what is signed, and signs what was accepted unsigned")
    func archives() async throws {
        let plain = try heaps([])
        let head = try await commit(name, in: plain)
        let file = MemoryFile()
        _ = try await plain.export(.head(name), .history) { file.append($0) }
        _ = try await storage.delete(.head(name), if: .always)
        _ = try await storage.delete(.version(head.version), if: .always)
        let keys = try SigningKeys(file: Self.one)
        let signed = try heaps([Self.one])
        await #expect(throws: HeapError.archiveRefused(.unsigned)) {
            let archive = try HeapArchiveReader(snapshotByteCountMax: 1 << 20, keys: keys) {
                file.read($0)
            }
            _ = try await signed.store(archive, as: name, ifTaken: .refuse)
        }
        file.rewind()
        let archive = try HeapArchiveReader(snapshotByteCountMax: 1 << 20) { file.read($0) }
        _ = try await signed.store(archive, as: name, ifTaken: .refuse)
        #expect(try await signed.load(head.version, for: .ours).record.version == head.version)
    }

    @Test(
        "says what is wrong with a file of keys",
        arguments: [
            ([], .none),
            (Array("# only a remark\n\n".utf8), .none),
            (Array("\(String(repeating: "k", count: 31))\n".utf8), .tooShort(line: 1)),
            (one + Array("\nshort".utf8), .tooShort(line: 2)),
            ([UInt8](repeating: 65, count: SigningKeys.fileByteCountMax + 1), .tooLarge),
        ] as [([UInt8], SigningKeysError)])
    func badFiles(_ content: [UInt8], _ error: SigningKeysError) {
        #expect(throws: error) { try SigningKeys(file: content) }
    }
}

/// A file for archives.
// Safe because a test uses it from one task at a time.
final class MemoryFile: @unchecked Sendable {
    private var bytes: [UInt8] = []
    private var position = 0

    func append(_ more: [UInt8]) { bytes += more }

    func read(_ count: Int) -> [UInt8] {
        defer { position = min(position + count, bytes.count) }
        return Array(bytes[position...].prefix(count))
    }

    func rewind() { position = 0 }
}
