internal import S3

/// What collecting garbage and finding damage take.
///
/// S3 cannot delete on the condition that an object is old. So it is condemned first, by a small
/// object beside it, and deleted when that has stood for ``condemnedGrace``. Who makes an object
/// young takes the mark away before half of that, or does not make it young.
extension S3HeapStorage {
    /// How often an object of one key can be set aside.
    private static let setAsideCountMax = 1000

    private func markPath(of key: StorageKey) -> String { "\(prefix)condemned/\(key.path)" }

    /// Condemns an object that is old, or removes it if it was condemned long enough ago.
    func deleteCondemned(
        _ key: StorageKey, writtenBefore limit: WallTime
    ) async throws(HeapError) -> DeleteOutcome {
        let path = prefix + key.path
        let began = ContinuousClock.now
        // In this order: whoever takes the mark away writes the object after that.
        let mark = try await head(markPath(of: key))
        guard let object = try await head(path) else {
            if mark != nil { try await remove(markPath(of: key)) }
            return .absent
        }
        guard written(object) < limit else { return .changed }
        guard let mark, mark.lastModified > object.lastModified else {
            // One that is older than the object is of an earlier life of it.
            _ = try await put(markPath(of: key))
            return .changed
        }
        guard mark.date.duration(since: mark.lastModified) >= Self.condemnedGrace,
            began.duration(to: .now) < Self.condemnedGrace / 4
        else { return .changed }
        try await remove(path)
        try await remove(markPath(of: key))
        return .deleted
    }

    /// Makes an object as young as one that is written now.
    package func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        let path = prefix + key.path
        let began = ContinuousClock.now
        if let mark = try await head(markPath(of: key)) {
            guard let object = try await head(path) else { return .absent }
            let isValid = mark.lastModified > object.lastModified
            let age = mark.date.duration(since: mark.lastModified)
            // Too late: who deletes may have looked already.
            if isValid, age >= Self.condemnedGrace / 2 { return .absent }
            try await remove(markPath(of: key))
        }
        let isDone = try await attempt(path) { () async throws(S3Error) in
            try await client.copy(path, to: path, use: key.folder == .heads ? .record : .bulk)
        }
        guard began.duration(to: .now) < Self.condemnedGrace / 2 else {
            throw .storageUnavailable(
                path: location(path), reason: "it took too long to keep it from being collected")
        }
        return isDone ? .done : .absent
    }

    /// Moves an object to `damaged/`.
    package func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        let path = prefix + key.path
        guard try await head(path) != nil else { return .absent }
        for number in 1...Self.setAsideCountMax {
            let suffix = number == 1 ? "" : ".\(number)"
            let place = "\(prefix)damaged/\(key.folder.rawValue)-\(key.name)\(suffix)"
            guard try await head(place) == nil else { continue }
            let isCopied = try await attempt(path) { () async throws(S3Error) in
                try await client.copy(path, to: place, use: .bulk)
            }
            guard isCopied else { return .absent }
            try await remove(path)
            return .done
        }
        throw .storageUnavailable(path: location("\(prefix)damaged"), reason: "it is full")
    }

    private func remove(_ path: String) async throws(HeapError) {
        _ = try await attempt(path) { () async throws(S3Error) in
            try await client.delete(path)
        }
    }

    private func put(_ path: String) async throws(HeapError) -> S3WriteOutcome {
        try await attempt(path) { () async throws(S3Error) in
            try await client.put(path, [], if: .always, use: .record)
        }
    }
}
