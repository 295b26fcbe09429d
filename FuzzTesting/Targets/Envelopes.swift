import Crypto

#if DEBUG
    @testable import Heaps

    /// The most bytes that an input may claim to hold.
    private let snapshotByteCountMax = 1 << 20

    /// Reads an exported file, an envelope or a head, whose digests are made right so that what is
    /// behind them is reached; the first byte says which.
    func tryEnvelopes(_ input: [UInt8]) {
        let content = Array(input.dropFirst())
        switch input.first {
        case 0: tryArchive(content)
        case 1: tryArchive(content + Array(SHA256.hash(data: content)))
        case 2: tryEnvelope(content)
        case 3: tryHead(content + Array(SHA256.hash(data: content)))
        default: break
        }
    }

    private func tryArchive(_ bytes: [UInt8]) {
        var rest = bytes[...]
        let archive = try? HeapArchiveReader(
            snapshotByteCountMax: snapshotByteCountMax
        ) { count throws(HeapError) in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard var archive else { return }
        while let envelope = try? archive.next() { _ = try? envelope.open() }
    }

    /// The bytes from the version on are a record, and behind it a packed snapshot; the first four
    /// say where.
    private func tryEnvelope(_ content: [UInt8]) {
        guard content.count >= 126 else { return }
        var bytes = content
        let headerByteCount = bytes[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard (122...bytes.count).contains(headerByteCount) else { return }
        let digest = SHA256.hash(data: bytes[122..<headerByteCount])
        bytes.replaceSubrange(24..<56, with: Array(digest))
        let version = HeapVersion(digest)
        let envelope = try? SnapshotEnvelope(
            bytes, of: version, snapshotByteCountMax: snapshotByteCountMax)
        guard let snapshot = try? envelope?.open() else { return }
        precondition(
            snapshot.count == envelope?.record.snapshotByteCount, "A snapshot has another size.")
    }

    private func tryHead(_ bytes: [UInt8]) {
        guard let name = try? HeapName("a") else { return }
        let object = StoredObject(bytes: bytes, tag: StorageTag(""))
        guard let head = try? HeapHead(object, of: name, keys: nil) else { return }
        // No incidents are written as none.
        guard head.incidentCount > 0 || bytes[8] == 1 else { return }
        precondition(head.encoded(keys: nil) == bytes, "A head changes.")
    }
#else
    /// What reads envelopes is for this project's tests only: a release build has none of this.
    func tryEnvelopes(_ input: [UInt8]) {}
#endif
