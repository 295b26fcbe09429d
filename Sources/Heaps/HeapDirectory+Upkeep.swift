/// What collecting garbage and finding damage take.
extension HeapDirectory {
    /// Where objects go that are damaged.
    static let quarantinePath = "quarantine"
    /// How often an object of one key can be put there.
    private static let quarantineCountMax = 1000

    /// Lets an object count as written at a moment.
    ///
    /// That is not made durable: it matters to those that run now.
    func refresh(_ key: StorageKey, at moment: WallTime) throws(HeapError) -> PresenceOutcome {
        try withLock(of: key) { () throws(HeapError) in
            let done: Void? = try attempt(key.path, unless: .notFound) { () throws(SystemError) in
                try operations.setWritten(key.path, to: moment)
            }
            return done == nil ? .absent : .done
        }
    }

    /// Moves an object into the quarantine, beside what is there.
    func quarantine(_ key: StorageKey) throws(HeapError) -> PresenceOutcome {
        try refuseAfterFailure()
        try makeFolder(Self.quarantinePath)
        let outcome = try withLock(of: key) { () throws(HeapError) -> PresenceOutcome in
            for number in 1...Self.quarantineCountMax {
                let suffix = number == 1 ? "" : ".\(number)"
                let path = "\(Self.quarantinePath)/\(key.folder.rawValue)-\(key.name)\(suffix)"
                switch try linkAgain(key.path, as: path) {
                case .created:
                    // First durable there, then gone here: a disk may write names in any order.
                    for folder in [Self.quarantinePath, ""] { try synchronize(folder) }
                    try attempt(key.path) { () throws(SystemError) in
                        try operations.remove(key.path)
                    }
                    return .done
                case .alreadyExists: continue
                case nil: return .absent
                }
            }
            throw .storageUnavailable(
                path: "\(location)/\(Self.quarantinePath)", reason: "it is full")
        }
        if outcome == .done { try synchronize(key.parentPath) }
        return outcome
    }

    /// Gives a file a second path; nil if there is no such file.
    private func linkAgain(
        _ path: String, as newPath: String
    ) throws(HeapError) -> CreateOutcome? {
        try attempt(path, unless: .notFound) { () throws(SystemError) -> CreateOutcome in
            do throws(SystemError) {
                try operations.link(path, as: newPath)
                return .created
            } catch {
                guard error == .exists else { throw error }
                return .alreadyExists
            }
        }
    }
}
