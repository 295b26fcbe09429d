internal import Logging

/// What is kept when garbage is collected.
///
/// Collecting is safe while others use the storage, because whoever lets a head point at a version
/// makes the version young first: by creating it, or by a refresh. `docs/decisions/` has the
/// argument.
package struct RetentionPolicy: Hashable, Sendable {
    /// How many versions of each heap are kept, from its head on; at least 1.
    package var versionCountPerHeap = 50
    /// For how long a version stays that no heap needs. It must be longer than the longest time
    /// from a version's creation to the move of the head: a few milliseconds, but a machine may
    /// sleep in between.
    package var grace: Duration = .seconds(3600)
    /// The most versions that are removed at once.
    package var removalCountMax = 10_000

    /// Keeps 50 versions of each heap.
    package init() {}
}

/// Whether garbage is removed.
package enum CollectionEffect: Hashable, Sendable {
    case remove
    /// It is only counted.
    case count
}

/// What a collection found.
package struct CollectionReport: Hashable, Sendable {
    /// How many heaps there are.
    package var heapCount = 0
    /// How many versions they need.
    package var keptCount = 0
    /// How many versions no heap needs, but that are too young to go, or that such are packed
    /// behind.
    package var youngCount = 0
    /// How many were removed, or would be.
    package var removedCount = 0
    /// How many bytes those took.
    package var removedByteCount = 0
    /// How many are left for the next time.
    package var postponedCount = 0
}

extension HeapRepository {
    /// A storage in memory sorts all its keys for each page.
    private static let collectionPageCountMax = 65_536

    /// Removes versions that no heap needs and that are older than the grace time.
    ///
    /// - Throws: an error without having removed anything if a heap's versions cannot be followed,
    ///   because then nobody knows which of them are needed; and if the task is cancelled before
    ///   all are.
    package func collectGarbage(
        _ policy: RetentionPolicy = RetentionPolicy(), _ effect: CollectionEffect = .remove
    ) async throws(HeapError) -> CollectionReport {
        let limit = now() - policy.grace
        var needed = NeededVersions()
        _ = try await addHeaps(to: &needed, policy)
        var report = CollectionReport()
        var (garbage, young) = try await unneeded(before: limit, without: needed)
        // Once more: one heap may have been forked and deleted while the others were followed.
        report.heapCount = try await addHeaps(to: &needed, policy)
        report.keptCount = needed.count
        garbage.removeAll { needed.contains($0.version) }
        young.removeAll { needed.contains($0) }
        report.youngCount = young.count + garbage.count
        // What is only young can be had back, and so needs what it is packed behind.
        for version in young {
            try goOn()
            guard let prefix = try await record(of: version)?.packing.prefix else { continue }
            try await addPrefixes(from: prefix, to: &needed)
        }
        garbage.removeAll { needed.contains($0.version) }
        report.youngCount -= garbage.count
        // Whatever was packed behind another is younger than that, and goes first.
        garbage.sort { $0.written > $1.written }
        report.postponedCount = max(0, garbage.count - policy.removalCountMax)
        for (version, byteCount, _) in garbage.prefix(policy.removalCountMax)
        where !Task.isCancelled {
            let outcome: DeleteOutcome =
                switch effect {
                case .remove:
                    try await storage.delete(.version(version), if: .writtenBefore(limit))
                case .count: .deleted
                }
            if outcome == .changed { report.youngCount += 1 }
            guard outcome == .deleted else { continue }
            report.removedCount += 1
            report.removedByteCount += byteCount
        }
        logger.debug(
            "Garbage collected",
            metadata: [
                "heap.count": "\(report.heapCount)", "removed.count": "\(report.removedCount)",
                "removed.bytes": "\(report.removedByteCount)",
            ])
        return report
    }

    /// Follows every heap; returns how many there are.
    private func addHeaps(
        to needed: inout NeededVersions, _ policy: RetentionPolicy
    ) async throws(HeapError) -> Int {
        var heapCount = 0
        var after: HeapName?
        repeat {
            let page = try await names(prefix: "", after: after, limit: Self.pageCountMax)
            for name in page.names {
                guard let root = try await root(of: name) else { continue }
                heapCount += 1
                var next: VersionRecord? = root
                var count = max(1, policy.versionCountPerHeap)
                while let record = next, needed.add(record.version, andOlder: count) {
                    try goOn()
                    count -= 1
                    if let prefix = record.packing.prefix {
                        try await addPrefixes(from: prefix, to: &needed)
                    }
                    guard let parent = record.parent, count > 0 else { break }
                    next = try await self.record(of: parent)
                }
            }
            after = page.next
        } while after != nil
        return heapCount
    }

    /// Follows what a version is packed behind.
    private func addPrefixes(
        from version: HeapVersion, to needed: inout NeededVersions
    ) async throws(HeapError) {
        var next: HeapVersion? = version
        while let version = next, needed.add(version, andOlder: 1) {
            next = try await record(of: version)?.packing.prefix
        }
    }

    private func unneeded(
        before limit: WallTime, without needed: NeededVersions
    ) async throws(HeapError) -> (garbage: [Garbage], young: [HeapVersion]) {
        var garbage: [Garbage] = []
        var young: [HeapVersion] = []
        var after: StorageKey?
        repeat {
            let page = try await storage.list(
                .versions, prefix: "", after: after, limit: Self.collectionPageCountMax)
            for key in page.keys {
                try goOn()
                let version = try HeapVersion(key.name)
                guard !needed.contains(version),
                    let object = try await storage.getBeginning(of: key, byteCountMax: 0)
                else { continue }
                if object.written < limit, try await !isBaseInUse(version, object.written) {
                    garbage.append((version, object.byteCount, object.written))
                } else {
                    young.append(version)
                }
            }
            after = page.next
        } while after != nil
        return (garbage, young)
    }

    /// Whether a server may be about to pack a snapshot behind this base heap, whatever the grace
    /// time is: it does not make that young for each.
    private func isBaseInUse(
        _ version: HeapVersion, _ written: WallTime
    ) async throws(HeapError) -> Bool {
        guard written > now() - Self.youthMax - Self.youthMax else { return false }
        return try await record(of: version)?.runNumber == VersionRecord.baseRunNumber
    }

    /// A server that ends does not wait for what may take minutes.
    private func goOn() throws(HeapError) {
        guard Task.isCancelled else { return }
        throw .storageUnavailable(path: "versions", reason: "the collection was given up")
    }

    private typealias Garbage = (version: HeapVersion, byteCount: Int, written: WallTime)
}

/// The versions that heaps need, and how far each of their histories was followed.
private struct NeededVersions {
    private var counts: [HeapVersion: Int] = [:]

    var count: Int { counts.count }

    func contains(_ version: HeapVersion) -> Bool { counts[version] != nil }

    /// Adds a version that is needed with so many of its history, itself included; false if that
    /// was known.
    mutating func add(_ version: HeapVersion, andOlder count: Int) -> Bool {
        guard counts[version, default: 0] < count else { return false }
        counts[version] = count
        return true
    }
}
