extension HeapDirectory {
    /// The content of the file `format`, which is the first to be made.
    static let format = "mcp-v8 heaps 1\n"
    /// After how long a file in `tmp/` that no process has in use is removed.
    static let leftoverAge = Duration.seconds(3600)

    /// Makes a new directory ready, or checks that an old one is ours; several processes may do so
    /// at once.
    func prepare(now: WallTime) throws(HeapError) {
        // In this order: whoever makes anything else makes the format first.
        let names = try attempt("") { () throws(SystemError) in try operations.names(in: "") }
        if try !hasFormat() {
            if let foreign = names.first(where: { $0 != "tmp" }) {
                throw .storageRefused(path: location, .notEmpty(found: foreign.cut()))
            }
            try makeFolder("tmp")
            if try link(Array(Self.format.utf8), at: "format") == .alreadyExists {
                _ = try hasFormat()
            }
            // Before there is anything that without it would be a stranger's.
            try synchronize("")
        }
        for folder in ["tmp", "locks"] + StorageKey.Folder.allCases.map(\.rawValue) {
            try makeFolder(folder)
        }
        for path in StorageKey.Folder.allCases.flatMap(Self.paths) { try makeFolder(path) }
        // Another process may have made any of these and not have come this far.
        for path in [StorageKey.Folder.versions.rawValue, ""] { try synchronize(path) }
        try removeLeftovers(before: now)
    }

    private func hasFormat() throws(HeapError) -> Bool {
        let file = try read("format") { byteCount in min(byteCount, 80) }
        guard let file else { return false }
        guard file.bytes == Array(Self.format.utf8) else {
            let found = String(decoding: file.bytes, as: UTF8.self)
            throw .storageRefused(path: location, .unknownFormat(found: found))
        }
        return true
    }

    /// Makes a folder unless there is one.
    func makeFolder(_ path: String) throws(HeapError) {
        _ = try attempt(path, unless: .exists) { () throws(SystemError) in
            try operations.makeFolder(path)
        }
    }

    private func removeLeftovers(before now: WallTime) throws(HeapError) {
        let limit = now - Self.leftoverAge
        let names = try attempt("tmp") { () throws(SystemError) in
            try operations.names(in: "tmp")
        }
        for name in names {
            // Another process that starts now may remove it first; one that cannot be removed, such
            // as a folder, is in nobody's way.
            try? operations.removeIfAbandoned("tmp/\(name)", before: limit)
        }
    }
}
