/// Some of the heaps, in order.
package struct HeapPage: Hashable, Sendable {
    /// Where they are.
    package let heads: [HeapHead]
    /// What to give as `after` to get more; nil if there are no more.
    package let next: HeapName?
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
            guard let head = try await head(of: name) else { throw try await notFound(name) }
            return try await existingRecord(of: head.version)
        case .inHistory(let name, let prefix):
            return try await find(prefix, inHistoryOf: name)
        }
    }

    /// Follows a heap's versions from its head to their parents, newest first, as far as they are
    /// kept.
    package func history(
        of name: HeapName, limit: Int
    ) async throws(HeapError) -> [VersionRecord] {
        var records: [VersionRecord] = []
        let countMax = max(1, min(limit, Self.pageCountMax))
        try await walk(name) { record in
            records.append(record)
            return records.count < countMax ? .next : .stop
        }
        return records
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

    private func names(
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
    private func record(of version: HeapVersion) async throws(HeapError) -> VersionRecord? {
        let beginning = try await storage.getBeginning(
            of: .version(version), byteCountMax: EnvelopeHeader.byteCountMax)
        guard let beginning else { return nil }
        return try SnapshotEnvelope.record(
            of: version, in: beginning.bytes, storedByteCount: beginning.byteCount)
    }

    private func existingRecord(
        of version: HeapVersion
    ) async throws(HeapError) -> VersionRecord {
        guard let record = try await record(of: version) else { throw .versionNotFound(version) }
        return record
    }

    private func walk(
        _ name: HeapName, _ visit: (VersionRecord) -> Step
    ) async throws(HeapError) {
        guard let head = try await head(of: name) else { throw try await notFound(name) }
        var record = try await existingRecord(of: head.version)
        for _ in 0..<Self.historyCountMax {
            guard visit(record) == .next, let parent = record.parent,
                let older = try await self.record(of: parent)
            else { return }
            record = older
        }
    }

    private func find(
        _ prefix: String, inHistoryOf name: HeapName
    ) async throws(HeapError) -> VersionRecord {
        var matches: [VersionRecord] = []
        var newest: [HeapVersion] = []
        try await walk(name) { record in
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
