/// What collecting garbage and finding damage take.
extension HeapDirectory {
    /// Where objects go that are damaged.
    static let damagedPath = "damaged"
    /// How often an object of one key can be put there.
    private static let setAsideCountMax = 1000

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

    /// Moves an object to the folder `damaged`, beside what is there.
    func setAside(_ key: StorageKey) throws(HeapError) -> PresenceOutcome {
        try refuseAfterFailure()
        try makeFolder(Self.damagedPath)
        let folder = try open(key.parentPath)
        let root = try open("")
        let place = try open(Self.damagedPath)
        let outcome = try withLock(of: key) { () throws(HeapError) -> PresenceOutcome in
            for number in 1...Self.setAsideCountMax {
                let suffix = number == 1 ? "" : ".\(number)"
                let path = "\(Self.damagedPath)/\(key.folder.rawValue)-\(key.name)\(suffix)"
                switch try linkAgain(key.path, as: path) {
                case .linked:
                    // First durable there, then gone here: a disk may write names in any order.
                    try synchronize(place)
                    try synchronize(root)
                    try attempt(key.path) { () throws(SystemError) in
                        try operations.remove(key.path)
                    }
                    return .done
                case .moved:
                    try synchronize(place)
                    return .done
                case .alreadyExists: continue
                case nil: return .absent
                }
            }
            throw .storageUnavailable(
                path: "\(location)/\(Self.damagedPath)", reason: "it is full")
        }
        if outcome == .done { try synchronize(folder) }
        return outcome
    }

    private enum LinkOutcome {
        case linked
        case moved
        case alreadyExists
    }

    /// Gives a file a second path, or a folder, of which there is one only, another; nil if there
    /// is neither.
    private func linkAgain(_ path: String, as newPath: String) throws(HeapError) -> LinkOutcome? {
        try attempt(path, unless: .notFound) { () throws(SystemError) -> LinkOutcome in
            do throws(SystemError) {
                do throws(SystemError) {
                    try operations.link(path, as: newPath)
                    return .linked
                } catch .notPermitted {
                    try operations.rename(path, to: newPath)
                    return .moved
                }
            } catch {
                guard [.exists, .notAFolder, .notEmpty].contains(error) else { throw error }
                return .alreadyExists
            }
        }
    }
}
