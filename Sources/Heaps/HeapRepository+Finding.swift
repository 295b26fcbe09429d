/// Some of the heaps, in order.
package struct HeapPage: Hashable, Sendable {
    /// Where they are.
    package let heads: [HeapHead]
    /// What to give as `after` to get more; nil if there are no more.
    package let next: HeapName?
}

/// A heap's versions, newest first.
package struct HeapHistory: Hashable, Sendable {
    /// Why there are no more.
    package enum End: String, Hashable, Sendable {
        /// The oldest is the heap's first.
        case firstRun = "first_run"
        /// As many as were asked for.
        case limit
        /// Older ones were collected.
        case notKept = "not_kept"
    }

    /// The versions, each the parent of the one before.
    package var records: [VersionRecord]
    /// Why there are no more.
    package var end: End
}

extension HeapRepository {
    /// Finds the version that a client means.
    ///
    /// - Throws: a not-found error that says what exists, or
    ///   ``HeapError/ambiguousVersion(of:prefix:matches:)``.
    package func resolve(_ reference: HeapReference) async throws(HeapError) -> VersionRecord {
        switch reference {
        case .version(let version):
            return try await existingRecord(of: version)
        case .head(let name):
            guard let root = try await root(of: name) else { throw try await notFound(name) }
            return root
        case .inHistory(let name, let prefix):
            return try await find(prefix, inHistoryOf: name)
        }
    }

    /// Follows a heap's versions from its head, or from another of them, to their parents, as far
    /// as they are kept.
    package func history(
        of reference: HeapReference, limit: Int
    ) async throws(HeapError) -> HeapHistory {
        var records: [VersionRecord] = []
        let countMax = max(1, min(limit, Self.historyCountMax))
        let end = try await walk(from: try await resolve(reference)) { record in
            records.append(record)
            return records.count < countMax ? .next : .stop
        }
        return HeapHistory(records: records, end: end)
    }

    /// Lists heaps whose names start so, in the order of the storage: upper and lower case are
    /// together.
    package func list(
        prefix: String, after: HeapName?, limit: Int
    ) async throws(HeapError) -> HeapPage {
        let page = try await names(prefix: prefix, after: after, limit: limit)
        var heads: [HeapHead] = []
        for name in page.names {
            // One that was deleted a moment ago is left out.
            if let head = try await head(of: name) { heads.append(head) }
        }
        return HeapPage(heads: heads, next: page.next)
    }

    /// The error that says which heaps there are.
    func notFound(_ name: HeapName) async throws(HeapError) -> HeapError {
        .heapNotFound(name, existing: try await names(prefix: "", after: nil, limit: 10).names)
    }

    private enum Step {
        case next
        case stop
    }

    /// What is known of the version that a heap is at; nil if there is no such heap.
    ///
    /// - Throws: ``HeapError/versionNotFound(_:)`` if the head points at nothing.
    func root(of name: HeapName) async throws(HeapError) -> VersionRecord? {
        var missing: HeapVersion?
        while let head = try await head(of: name) {
            if let record = try await record(of: head.version) { return record }
            // The heap may have moved on, and the version been collected, since the head was read.
            guard missing != head.version else { throw .versionNotFound(head.version) }
            missing = head.version
        }
        return nil
    }

    /// The names that start so; the storage's next page is behind `next`.
    func names(
        prefix: String, after: HeapName?, limit: Int
    ) async throws(HeapError) -> (names: [HeapName], next: HeapName?) {
        let countMax = max(1, min(limit, Self.pageCountMax))
        var names: [HeapName] = []
        var after = after.map(StorageKey.head)
        repeat {
            let page = try await storage.list(
                .heads, prefix: prefix.lowercased(), after: after, limit: countMax - names.count)
            // Stored names are folded, so that some are others' in upper case.
            names += page.keys.compactMap { HeapName(encoded: $0.name) }
                .filter { $0.text.hasPrefix(prefix) }
            after = page.next
        } while after != nil && names.count < countMax
        return (names, after.flatMap { HeapName(encoded: $0.name) })
    }

    /// Reads what is known of a version; nil if there is none.
    ///
    /// - Parameter keys: by one of which it must be signed; nil where something that is signed
    ///   leads to it. A head names its version, and that its parent, by their digests.
    func record(
        of version: HeapVersion, signedWith keys: SigningKeys? = nil
    ) async throws(HeapError) -> VersionRecord? {
        let beginning = try await storage.getBeginning(
            of: .version(version), byteCountMax: EnvelopeHeader.byteCountMax)
        guard let beginning else { return nil }
        return try SnapshotEnvelope.header(
            of: version, in: beginning.bytes, storedByteCount: beginning.byteCount, keys: keys
        ).record
    }

    private func existingRecord(
        of version: HeapVersion
    ) async throws(HeapError) -> VersionRecord {
        guard let record = try await record(of: version, signedWith: keys) else {
            throw .versionNotFound(version)
        }
        return record
    }

    private func walk(
        from newest: VersionRecord, _ visit: (VersionRecord) -> Step
    ) async throws(HeapError) -> HeapHistory.End {
        var record = newest
        for _ in 0..<Self.historyCountMax {
            let step = visit(record)
            guard let parent = record.parent else { return .firstRun }
            guard let older = try await self.record(of: parent) else { return .notKept }
            guard step == .next else { return .limit }
            record = older
        }
        return .limit
    }

    private func find(
        _ prefix: String, inHistoryOf name: HeapName
    ) async throws(HeapError) -> VersionRecord {
        var matches: [VersionRecord] = []
        var newest: [HeapVersion] = []
        _ = try await walk(from: try await resolve(.head(name))) { record in
            if newest.count < 5 { newest.append(record.version) }
            if record.version.text.hasPrefix(prefix) { matches.append(record) }
            return matches.count < 5 ? .next : .stop
        }
        guard let match = matches.first else {
            throw .versionNotInHistory(of: name, prefix: prefix, newest: newest)
        }
        guard matches.count == 1 else {
            throw .ambiguousVersion(of: name, prefix: prefix, matches: matches.map(\.version))
        }
        return match
    }
}
