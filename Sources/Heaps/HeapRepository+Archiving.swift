package import WorkerProtocol

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
            let snapshot = try await open(envelope)
            guard record.packing.prefix != nil else {
                try archive.add(envelope)
                continue
            }
            // A file needs nothing beside it.
            let alone = try await work.run { [keys] () throws(HeapError) in
                envelope.standingAlone(snapshot, keys: keys)
            }
            try archive.add(alone)
        }
        try archive.finish()
        return records
    }

    /// Stores the versions of a file, each verified, and gives the newest a name.
    ///
    /// The name comes last, when all of the file was read: of one that is damaged only versions
    /// are left, which no name points at.
    ///
    /// - Parameter engine: the one that must have made the newest version; nil if it is only to be
    ///   kept.
    /// - Throws: ``HeapError/archiveRefused(_:)``, ``HeapError/heapExists(_:)``, or
    ///   ``HeapError/incompatible(_:snapshot:running:)`` before anything is stored.
    package func store(
        _ archive: HeapArchiveReader, as name: HeapName, ifTaken: TakenName,
        for engine: EngineIdentity? = nil
    ) async throws(HeapError) -> HeapMove {
        let old = try await replaceable(name, ifTaken: ifTaken)
        var archive = archive
        var newest: VersionRecord?
        while let envelope = try archive.next() {
            if let engine, newest == nil, envelope.record.engine != engine {
                throw .incompatible(
                    envelope.record.version, snapshot: envelope.record.engine, running: engine)
            }
            do throws(HeapError) {
                _ = try await work.run { () throws(HeapError) in try envelope.open() }
            } catch .damaged(_, let damage) {
                throw .archiveRefused(damage)
            }
            // Signed anew: with the first of the keys, and where it was not signed before.
            try await store(keys.map { envelope.signed(with: $0) } ?? envelope)
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
