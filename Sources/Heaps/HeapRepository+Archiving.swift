/// How much of a heap goes into a file.
package enum ExportExtent: Hashable, Sendable {
    /// One version.
    case version
    /// The version and all before it that are kept.
    case history
}

extension HeapRepository {
    /// Writes a heap into a file, each version verified.
    ///
    /// - Parameter write: appends bytes to the file.
    /// - Returns: the versions, newest first.
    package func export(
        _ reference: HeapReference, _ extent: ExportExtent,
        write: @escaping ([UInt8]) throws(HeapError) -> Void
    ) async throws(HeapError) -> [VersionRecord] {
        let records =
            switch extent {
            case .version: [try await resolve(reference)]
            case .history:
                try await history(of: reference, limit: Self.historyCountMax).records
            }
        var archive = try HeapArchiveWriter(
            of: reference.name, versionCount: records.count, write: write)
        for record in records {
            let envelope = try await envelope(of: record.version)
            _ = try await work.run { () throws(HeapError) in try envelope.open() }
            try archive.add(envelope)
        }
        try archive.finish()
        return records
    }

    /// Stores the versions of a file, each verified, and gives the newest a name.
    ///
    /// The name comes last, when all of the file was read: of one that is damaged only versions
    /// are left, which no name points at.
    ///
    /// - Throws: ``HeapError/archiveRefused(_:)``, ``HeapError/heapExists(_:)``.
    package func store(
        _ archive: HeapArchiveReader, as name: HeapName, ifTaken: TakenName
    ) async throws(HeapError) -> HeapMove {
        let old = try await replaceable(name, ifTaken: ifTaken)
        var archive = archive
        var newest: VersionRecord?
        while let envelope = try archive.next() {
            do throws(HeapError) {
                _ = try await work.run { () throws(HeapError) in try envelope.open() }
            } catch .damaged(_, let damage) {
                throw .archiveRefused(damage)
            }
            try await store(envelope)
            newest = newest ?? envelope.record
        }
        guard let newest else { throw .archiveRefused(.truncated) }
        return HeapMove(head: try await point(name, at: newest, replacing: old), replaced: old)
    }
}

extension HeapReference {
    /// The heap that is meant, if it is named.
    package var name: HeapName? {
        switch self {
        case .head(let name), .inHistory(let name, _): name
        case .version: nil
        }
    }
}
