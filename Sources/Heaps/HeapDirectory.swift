internal import Crypto
internal import Glibc
internal import Synchronization

/// Objects in files, durable and shared by processes; the blocking half of ``FileHeapStorage``.
///
/// A file is written under `tmp/`, synchronised, given its place by one atomic step, and the folder
/// is synchronised; only then is it acknowledged. `docs/formats/layout.md` has the layout and the
/// order of steps.
final class HeapDirectory: Sendable {
    /// How many locks the heads are spread over.
    static let lockCount = 16

    let operations: any FileOperations
    /// Where the directory is, for errors.
    let location: String
    /// Set once a synchronisation failed: nothing is written from then on, because the kernel drops
    /// what it could not write, and a later attempt may report a success that is none.
    private let writeFailure = Mutex<HeapError?>(nil)

    init(operations: any FileOperations, location: String) {
        self.operations = operations
        self.location = location
    }

    /// Stores a version where there is none.
    func create(_ key: StorageKey, _ bytes: [UInt8]) throws(HeapError) -> CreateOutcome {
        // Before anything is written: whoever cannot open it has not begun.
        let folder = try open(key.parentPath)
        let outcome = try link(bytes, at: key.path)
        if outcome == .alreadyExists {
            // Another process may have linked it and not have synchronised it yet.
            try synchronize(key.path)
        }
        try synchronize(folder)
        return outcome
    }

    /// Stores a head where the expected one is, or where none is expected and there is none.
    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) throws(HeapError) -> ReplaceOutcome {
        let folder = try open(key.parentPath)
        let outcome = try withTemporary(bytes) { temporary throws(HeapError) -> ReplaceOutcome in
            try withLock(of: key) { () throws(HeapError) -> ReplaceOutcome in
                guard try currentTag(of: key) == tag else { return .changed }
                try attempt(key.path) { () throws(SystemError) in
                    try operations.rename(temporary, to: key.path)
                }
                return .replaced(Self.tag(of: key, with: bytes))
            }
        }
        if outcome != .changed { try synchronize(folder) }
        return outcome
    }

    /// Removes an object.
    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) throws(HeapError) -> DeleteOutcome {
        try refuseAfterFailure()
        let folder = try open(key.parentPath)
        let outcome = try withLock(of: key) { () throws(HeapError) -> DeleteOutcome in
            switch condition {
            case .always: break
            case .unchanged(let tag):
                guard let current = try currentTag(of: key) else { return .absent }
                guard current == tag else { return .changed }
            case .writtenBefore(let limit):
                guard let file = try getBeginning(of: key, byteCountMax: 0) else { return .absent }
                guard file.written < limit else { return .changed }
            }
            let removed: Void? = try attempt(key.path, unless: .notFound) {
                () throws(SystemError) in try operations.remove(key.path)
            }
            return removed == nil ? .absent : .deleted
        }
        // What is old garbage may come back with a loss of power: it is garbage still.
        if case .writtenBefore = condition { return outcome }
        if outcome == .deleted { try synchronize(folder) }
        return outcome
    }

    /// Reads an object.
    func get(_ key: StorageKey, byteCountMax: Int) throws(HeapError) -> StoredObject? {
        let file = try read(key.path, as: key) { byteCount throws(HeapError) -> Int in
            guard byteCount <= byteCountMax else {
                throw .snapshotTooLarge(byteCount: byteCount, limit: byteCountMax)
            }
            return byteCount
        }
        return file.map { StoredObject(bytes: $0.bytes, tag: Self.tag(of: key, with: $0.bytes)) }
    }

    /// Reads the first bytes of an object.
    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) throws(HeapError) -> StoredBeginning? {
        try read(key.path, as: key) { byteCount in min(byteCount, byteCountMax) }
    }

    /// Lists keys in order, folder by folder.
    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) throws(HeapError) -> StoragePage {
        var keys: [StorageKey] = []
        for path in Self.paths(of: folder) where keys.count <= limit {
            let shard = path.dropFirst(folder.rawValue.count + 1)
            guard prefix.hasPrefix(shard) || shard.hasPrefix(prefix) else { continue }
            if let after, path < after.parentPath { continue }
            let names = try attempt(path) { () throws(SystemError) in
                try operations.names(in: path)
            }
            let found = names.lazy.filter { $0.hasPrefix(prefix) }
                .compactMap { StorageKey($0, in: folder) }
                .filter { key in key.parentPath == path && after.map { key > $0 } ?? true }
            keys += found.sorted().prefix(limit + 1)
        }
        return StoragePage(keys, limit: limit)
    }

    /// The folders that a kind of object is spread over, in order.
    static func paths(of folder: StorageKey.Folder) -> [String] {
        switch folder {
        case .heads: [folder.rawValue]
        case .versions:
            (UInt8.min...UInt8.max).map { "\(folder.rawValue)/" + String(hexDigitsOf: [$0]) }
        }
    }

    private static func tag(of key: StorageKey, with bytes: [UInt8]) -> StorageTag {
        switch key.folder {
        // A head has a nonce in it, so that equal bytes are the same head.
        case .heads: StorageTag(String(hexDigitsOf: SHA256.hash(data: bytes)))
        case .versions: StorageTag("unchanging")
        }
    }

    private func currentTag(of key: StorageKey) throws(HeapError) -> StorageTag? {
        try read(key.path, as: key) { $0 }.map { Self.tag(of: key, with: $0.bytes) }
    }
}

/// The steps, each with its failures in a caller's terms.
extension HeapDirectory {
    /// Writes a file whole and durable, and links it where nothing may be; its folder is left to be
    /// synchronised.
    func link(_ bytes: [UInt8], at path: String) throws(HeapError) -> CreateOutcome {
        try withTemporary(bytes) { temporary throws(HeapError) -> CreateOutcome in
            let linked: Void? = try attempt(path, unless: .exists) { () throws(SystemError) in
                try operations.link(temporary, as: path)
            }
            return linked == nil ? .alreadyExists : .created
        }
    }

    /// Waits until a file's bytes or a folder's entries are on the disk.
    func synchronize(_ path: String) throws(HeapError) {
        try synchronize(try open(path))
    }

    /// The same for what is open. After a failure nothing is written any more.
    func synchronize(_ file: borrowing OpenFile) throws(HeapError) {
        do throws(HeapError) {
            try attempt("") { () throws(SystemError) in
                try operations.synchronize(file.descriptor)
            }
        } catch {
            let failure = HeapError.storageUnavailable(
                path: location,
                reason: "a write could not be made durable (\(error)). "
                    + "Nothing is written any more: see to the disk and restart the server")
            writeFailure.withLock { $0 = $0 ?? failure }
            throw failure
        }
    }

    /// Reads as many bytes of a file as `sizing` says of its byte count; nil if there is no file.
    ///
    /// - Parameter key: the object that the file is, if it is one: what cannot be read is damaged.
    func read(
        _ path: String, as key: StorageKey? = nil, sizing: (Int) throws(HeapError) -> Int
    ) throws(HeapError) -> StoredBeginning? {
        let descriptor: FileOperations.Descriptor? = try attempt(path, reading: key) {
            () throws(SystemError) in
            do throws(SystemError) { return try operations.open(path) } catch .notFound {
                return nil
            }
        }
        guard let descriptor else { return nil }
        let file = OpenFile(descriptor, of: operations)
        let status = try attempt(path, reading: key) { () throws(SystemError) in
            try operations.status(of: file.descriptor)
        }
        let wanted = try sizing(status.byteCount)
        var bytes: [UInt8] = []
        while bytes.count < wanted {
            let some = try attempt(path, reading: key) { () throws(SystemError) in
                try operations.read(file.descriptor, byteCountMax: wanted - bytes.count)
            }
            guard !some.isEmpty else { break }
            if bytes.isEmpty { bytes = some } else { bytes += some }
        }
        return StoredBeginning(
            bytes: bytes, byteCount: status.byteCount, written: status.written)
    }

    /// Makes a system call again if it was interrupted.
    ///
    /// - Parameter key: the object that is read.
    func attempt<Result>(
        _ path: String, neededByteCount: Int = 0, reading key: StorageKey? = nil,
        _ body: () throws(SystemError) -> Result
    ) throws(HeapError) -> Result {
        while true {
            do throws(SystemError) {
                return try body()
            } catch {
                if error == .interrupted { continue }
                if let key, let damage = error.damage { throw .damaged(key, damage) }
                throw failure(error, at: path, neededByteCount: neededByteCount)
            }
        }
    }

    /// The same, with nil for a failure that is an answer.
    func attempt<Result>(
        _ path: String, unless answer: SystemError, _ body: () throws(SystemError) -> Result
    ) throws(HeapError) -> Result? {
        try attempt(path) { () throws(SystemError) -> Result? in
            do throws(SystemError) {
                return try body()
            } catch {
                guard error == answer else { throw error }
                return nil
            }
        }
    }

    private func failure(
        _ error: SystemError, at path: String, neededByteCount: Int
    ) -> HeapError {
        let place = "\(location)/\(path)"
        if error.isFull {
            return .storageFull(path: location, neededByteCount: neededByteCount)
        }
        return error == .wouldBlock
            ? .storageBusy(path: place)
            : .storageUnavailable(path: place, reason: error.description)
    }

    func open(_ path: String) throws(HeapError) -> OpenFile {
        let descriptor = try attempt(path) { () throws(SystemError) in try operations.open(path) }
        return OpenFile(descriptor, of: operations)
    }

    /// Writes a file whole and durable under `tmp/`, lends its path, and removes that path.
    private func withTemporary<Result>(
        _ bytes: [UInt8], _ body: (String) throws(HeapError) -> Result
    ) throws(HeapError) -> Result {
        try refuseAfterFailure()
        let path = "tmp/\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        let descriptor = try attempt(path, neededByteCount: bytes.count) {
            () throws(SystemError) in try operations.createFile(path)
        }
        // Held until the file has its place: it tells other processes that the path is in use.
        let file = OpenFile(descriptor, of: operations)
        // Whatever happens, the path has served; one that stays is removed at a later start.
        defer { _ = try? operations.remove(path) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try attempt(path, neededByteCount: bytes.count) {
                () throws(SystemError) in try operations.write(rest, to: file.descriptor)
            }
            rest = rest.dropFirst(count)
        }
        try attempt(path, neededByteCount: bytes.count) { () throws(SystemError) in
            try operations.synchronize(file.descriptor)
        }
        return try body(path)
    }

    /// Where the lock of an object is, which others share.
    func lockPath(of key: StorageKey) -> String {
        // FNV-1a: it has to be the same in every process.
        let hash = key.name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return "locks/\(String(hash % UInt64(Self.lockCount), radix: 16))"
    }

    /// Does something while no other process replaces, refreshes or removes an object.
    func withLock<Result>(
        of key: StorageKey, _ body: () throws(HeapError) -> Result
    ) throws(HeapError) -> Result {
        let path = lockPath(of: key)
        let descriptor = try attempt(path) { () throws(SystemError) in
            try operations.openLock(path)
        }
        let lock = OpenFile(descriptor, of: operations)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// What once made a write uncertain.
    var failure: HeapError? { writeFailure.withLock { $0 } }

    /// Throws what once made a write uncertain.
    func refuseAfterFailure() throws(HeapError) {
        if let failure { throw failure }
    }
}
