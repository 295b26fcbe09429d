package import S3

/// Heaps in a bucket of S3 or of a service like it, which several servers may use at once.
///
/// What is acknowledged is as durable as the service. `docs/formats/layout.md` has the keys,
/// `docs/decisions/` the argument why removing what is old is safe without locks.
package struct S3HeapStorage: HeapStorage {
    /// How long a condemned object stays after it was condemned.
    static let condemnedGrace = Duration.seconds(15 * 60)

    let client: S3Client
    /// Before every key: empty, or with a slash at the end.
    let prefix: String
    let now: @Sendable () -> WallTime

    /// Uses a bucket that was probed, or is not to be.
    ///
    /// - Parameter prefix: where in the bucket; without slashes around it.
    package init(
        client: S3Client, prefix: String, now: @escaping @Sendable () -> WallTime = WallTime.now
    ) {
        self.client = client
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
        self.now = now
    }

    /// Reads an object.
    package func get(
        _ key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredObject? {
        let path = prefix + key.path
        let found = try await look(path) { () async throws(S3Error) in
            try await client.get(path, byteCountMax: byteCountMax)
        }
        return found.map { StoredObject(bytes: $0.bytes, tag: StorageTag($0.info.tag)) }
    }

    /// Reads the first bytes of an object.
    package func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        let path = prefix + key.path
        let found = try await look(path) { () async throws(S3Error) in
            try await client.getBeginning(of: path, byteCountMax: byteCountMax)
        }
        return found.map { found in
            StoredBeginning(
                bytes: found.bytes, byteCount: found.info.byteCount, written: written(found.info))
        }
    }

    /// Stores a version unless there is an object.
    package func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        precondition(key.folder == .versions, "Only versions are created; heads are replaced.")
        let path = prefix + key.path
        let outcome = try await attempt(path) { () async throws(S3Error) in
            try await client.put(path, bytes, if: .absent, use: .bulk)
        }
        switch outcome {
        case .stored: return .created
        // Its own first attempt too: a key is the digest of what is there, and the caller looks.
        case .refused: return .alreadyExists
        }
    }

    /// Stores a head if the present one is the expected.
    package func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        precondition(key.folder == .heads, "Only heads are replaced; versions never change.")
        let path = prefix + key.path
        let outcome = try await attempt(path) { () async throws(S3Error) in
            try await client.put(
                path, bytes, if: tag.map { .unchanged($0.text) } ?? .absent, use: .record)
        }
        switch outcome {
        case .stored(let tag): return .replaced(StorageTag(tag))
        case .refused(afterUncertainAttempt: false): return .changed
        case .refused(afterUncertainAttempt: true):
            // An attempt that got no answer may have done the work. A head has a nonce in it, so
            // that equal bytes are the same head.
            let present = try await get(key, byteCountMax: max(bytes.count, HeapHead.byteCountMax))
            if let present, present.bytes == bytes { return .replaced(present.tag) }
            if let present, present.tag == tag { return .changed }
            throw .storageUnavailable(
                path: location(path),
                reason: "the answer to a write was lost, and another has written since: whether "
                    + "it took place is unknown")
        }
    }

    /// Removes an object.
    package func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        if case .writtenBefore(let limit) = condition {
            return try await deleteCondemned(key, writtenBefore: limit)
        }
        let path = prefix + key.path
        // S3 does not tell a delete of what is there from one of what is not.
        guard let info = try await head(path) else { return .absent }
        var expected: String?
        if case .unchanged(let tag) = condition {
            // Some services do not look at a delete's condition: then this is all there is.
            guard info.tag == tag.text else { return .changed }
            expected = tag.text
        }
        let outcome = try await attempt(path) { [expected] () async throws(S3Error) in
            try await client.delete(path, ifUnchanged: expected)
        }
        switch outcome {
        case .done: return .deleted
        case .absent: return .absent
        case .changed: return .changed
        }
    }

    /// Lists keys in order.
    package func list(
        _ folder: StorageKey.Folder, prefix namePrefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        let folderPath = prefix + folder.rawValue + "/"
        // Versions lie in folders of their first two digits.
        let shard = folder == .versions && namePrefix.count >= 2 ? "\(namePrefix.prefix(2))/" : ""
        let start = folderPath + shard + namePrefix
        var keys: [StorageKey] = []
        var last = after.map { prefix + $0.path }
        var isComplete = false
        while !isComplete, keys.count <= limit {
            let wanted = limit + 1 - keys.count
            let page = try await look(start) { [last] () async throws(S3Error) in
                try await client.list(prefix: start, after: last, limit: wanted)
            }
            keys += page.keys.compactMap { key(at: $0, in: folder) }
            last = page.keys.last
            isComplete = page.isComplete
        }
        return StoragePage(keys, limit: limit)
    }

    private func key(at path: String, in folder: StorageKey.Folder) -> StorageKey? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let key = StorageKey(String(path[path.index(after: slash)...]), in: folder)
        return key.flatMap { prefix + $0.path == path ? $0 : nil }
    }
}

/// Steps that operations share.
extension S3HeapStorage {
    /// Where a key is, for people.
    func location(_ path: String) -> String { "s3://\(client.settings.bucket)/\(path)" }

    /// When an object was written, by this machine's clock: the service's may be another.
    func written(_ info: S3ObjectInfo) -> WallTime {
        now() - info.date.duration(since: info.lastModified)
    }

    func head(_ path: String) async throws(HeapError) -> S3ObjectInfo? {
        try await look(path) { () async throws(S3Error) in try await client.head(path) }
    }

    /// Does something to the end even if the caller's task is cancelled: a write that is broken off
    /// may have taken place. Failures are told in a caller's terms.
    func attempt<Result: Sendable>(
        _ path: String, _ body: @escaping @Sendable () async throws(S3Error) -> Result
    ) async throws(HeapError) -> Result {
        let task = Task { () -> Swift.Result<Result, S3Error> in
            do throws(S3Error) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return try told(await task.value, at: path)
    }

    /// Does something that changes nothing; given up when the caller's task is cancelled.
    private func look<Result>(
        _ path: String, _ body: () async throws(S3Error) -> Result
    ) async throws(HeapError) -> Result {
        do throws(S3Error) { return try await body() } catch {
            return try told(.failure(error), at: path)
        }
    }

    private func told<Result>(
        _ result: Swift.Result<Result, S3Error>, at path: String
    ) throws(HeapError) -> Result {
        switch result {
        case .success(let result): return result
        case .failure(.tooLarge(let byteCount, let limit)):
            throw .snapshotTooLarge(byteCount: byteCount, limit: limit)
        case .failure(let error):
            throw .storageUnavailable(path: location(path), reason: "\(error)")
        }
    }
}
