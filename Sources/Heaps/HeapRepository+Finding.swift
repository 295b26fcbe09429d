/// Some of the heaps, in order.
package struct HeapPage: Hashable, Sendable {
    /// What is behind a name.
    package enum Entry: Hashable, Sendable {
        /// Where the heap is.
        case heap(HeapHead)
        /// What is stored there is no head, or not as it was stored.
        case damaged(HeapName, EnvelopeDamage)
    }

    /// All of them.
    package let entries: [Entry]
    /// What to give as `after` to get more; nil if there are no more.
    package let next: HeapName?

    /// Where those are that are not damaged.
    package var heads: [HeapHead] {
        entries.compactMap { if case .heap(let head) = $0 { head } else { nil } }
    }
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
            if let root = try await root(of: name) { return root }
            if let kept = try await keptVersion(startingAs: name) { return kept }
            throw try await notFound(name)
        case .inHistory(let name, let prefix):
            return try await find(prefix, inHistoryOf: name)
        }
    }

    /// Finds the version whose first digits somebody gave where a heap's name could be; nil where
    /// that is none, or no kept version starts so.
    ///
    /// - Throws: ``HeapError/ambiguousVersion(of:prefix:matches:)``
    package func keptVersion(
        startingAs name: HeapName
    ) async throws(HeapError) -> VersionRecord? {
        guard let prefix = HeapReference.prefix(name.text) else { return nil }
        return try await kept(prefix, of: nil)
    }

    /// Whether a heap is at a version or came by it, as far as its history is kept.
    package func isInHistory(
        _ version: HeapVersion, of name: HeapName
    ) async throws(HeapError) -> Bool {
        guard let root = try await root(of: name) else { return false }
        var isFound = false
        _ = try await walk(from: root) { record in
            isFound = record.version == version
            return isFound ? .stop : .next
        }
        return isFound
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
        var entries: [HeapPage.Entry] = []
        for name in page.names {
            do throws(HeapError) {
                // One that was deleted a moment ago is left out.
                if let head = try await head(of: name) { entries.append(.heap(head)) }
            } catch .damaged(_, let damage) {
                entries.append(.damaged(name, damage))
            }
        }
        return HeapPage(entries: entries, next: page.next)
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

    /// Finds a version in a heap's history, or else among all that are kept: after an undo, a fork
    /// onto the name or a deletion the heap's versions are in no history.
    private func find(
        _ prefix: String, inHistoryOf name: HeapName
    ) async throws(HeapError) -> VersionRecord {
        var matches: [VersionRecord] = []
        var newest: [HeapVersion] = []
        if let root = try await root(of: name) {
            _ = try await walk(from: root) { record in
                if newest.count < 5 { newest.append(record.version) }
                if record.version.text.hasPrefix(prefix) { matches.append(record) }
                return matches.count < 5 ? .next : .stop
            }
        }
        guard let match = matches.first else {
            if let kept = try await kept(prefix, of: name) { return kept }
            if newest.isEmpty { throw try await notFound(name) }
            throw .versionNotInHistory(of: name, prefix: prefix, newest: newest)
        }
        guard matches.count == 1 else {
            throw .ambiguousVersion(of: name, prefix: prefix, matches: matches.map(\.version))
        }
        return match
    }

    /// The one kept version that starts so, whatever heap it belongs to; nil if there is none.
    private func kept(
        _ prefix: String, of name: HeapName?
    ) async throws(HeapError) -> VersionRecord? {
        let page = try await storage.list(.versions, prefix: prefix, after: nil, limit: 5)
        let versions = try page.keys.map { (key) throws(HeapError) in try HeapVersion(key.name) }
        guard versions.count <= 1 else {
            throw .ambiguousVersion(of: name, prefix: prefix, matches: versions)
        }
        guard let version = versions.first else { return nil }
        // With keys it must be signed: nothing that is leads to it.
        return try await record(of: version, signedWith: keys)
    }
}
