internal import Crypto
internal import Glibc
internal import Synchronization

/// Copies of objects in files, which any of several processes may write, read and remove; the
/// blocking half of ``CachedHeapStorage``.
///
/// Nothing here is synchronised: a copy is used only if it has the digest that is written before
/// it, and is otherwise as good as none. Whatever fails costs a download.
final class CacheFolder: Sendable {
    /// A larger share of the folder is not given to one object.
    static let objectShareMax = 4
    /// After so large a share of the limit was written, the folder is looked through.
    static let slackShare = 16
    /// How long a file in `tmp/` may belong to a writer.
    static let leftoverAge = Duration.seconds(3600)
    /// A copy's time of use is not written down more often.
    static let useResolution = Duration.seconds(60)

    private let operations: any FileOperations
    private let byteCountMax: Int
    private let now: @Sendable () -> WallTime
    private let writtenByteCount = Mutex(0)

    /// Uses a folder.
    init(operations: any FileOperations, byteCountMax: Int, now: @escaping @Sendable () -> WallTime)
    {
        self.operations = operations
        self.byteCountMax = byteCountMax
        self.now = now
    }

    /// Makes what is missing and removes what is too much.
    ///
    /// - Returns: ``HeapError/storageRefused(path:_:)`` if the folder is something else.
    func prepare(location: String) -> Result<CacheChange, HeapError> {
        do throws(SystemError) {
            if let foreign = try foreignName() {
                return .failure(.storageRefused(path: location, .notEmpty(found: foreign.cut())))
            }
            for folder in ["tmp", "objects"] + Self.folders {
                do throws(SystemError) { try operations.makeFolder(folder) } catch .exists {}
            }
            for name in try operations.names(in: "tmp") {
                try? operations.removeIfAbandoned("tmp/\(name)", before: now() - Self.leftoverAge)
            }
        } catch {
            return .failure(.storageUnavailable(path: location, reason: "\(error)"))
        }
        return .success(evict())
    }

    /// A name that we did not give, and that therefore tells of another use of the folder.
    private func foreignName() throws(SystemError) -> String? {
        try operations.names(in: "").first { !["tmp", "objects"].contains($0) }
    }

    /// Reads a copy; nil if there is none that is whole. One that is not is removed.
    func read(_ key: StorageKey, byteCountMax: Int) -> [UInt8]? {
        let path = Self.path(of: key)
        guard let content = try? content(at: path, byteCountMax: byteCountMax) else { return nil }
        let digest = content.prefix(SHA256Digest.byteCount)
        let bytes = Array(content.dropFirst(SHA256Digest.byteCount))
        guard SHA256.hash(data: bytes) == digest else {
            remove(key)
            return nil
        }
        return bytes
    }

    /// Keeps a copy, and makes room for it if need be.
    func write(_ bytes: [UInt8], of key: StorageKey) -> CacheChange {
        let byteCount = bytes.count + SHA256Digest.byteCount
        guard byteCount <= byteCountMax / Self.objectShareMax else { return CacheChange() }
        let temporary = "tmp/\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        do throws(SystemError) {
            let file = OpenFile(try operations.createFile(temporary), of: operations)
            for part in [Array(SHA256.hash(data: bytes)), bytes] {
                var rest = part[...]
                while !rest.isEmpty {
                    rest = rest.dropFirst(try operations.write(rest, to: file.descriptor))
                }
            }
            try operations.rename(temporary, to: Self.path(of: key))
        } catch {
            try? operations.remove(temporary)
            // A full disk is a reason to keep less.
            return error.isFull ? evict() : CacheChange()
        }
        let isTimeToLook = writtenByteCount.withLock { written in
            written += byteCount
            guard written > byteCountMax / Self.slackShare else { return false }
            written = 0
            return true
        }
        return isTimeToLook ? evict() : CacheChange(addedByteCount: byteCount)
    }

    /// Removes a copy.
    func remove(_ key: StorageKey) {
        try? operations.remove(Self.path(of: key))
    }

    /// Looks through the folder and removes what was used least recently, if it is too full.
    func evict() -> CacheChange {
        var copies: [(path: String, status: FileStatus)] = []
        for folder in Self.folders {
            for name in (try? operations.names(in: folder)) ?? [] {
                let path = "\(folder)/\(name)"
                if let status = try? status(at: path) { copies.append((path, status)) }
            }
        }
        var change = CacheChange()
        var byteCount = copies.reduce(0) { $0 + $1.status.byteCount }
        let goal = byteCountMax - byteCountMax / Self.slackShare
        if byteCount > goal {
            // Some more, so that the next write has room too.
            let room = goal - byteCountMax / Self.slackShare
            for copy in copies.sorted(by: { $0.status.written < $1.status.written })
            where byteCount > room {
                guard (try? operations.remove(copy.path)) != nil else { continue }
                byteCount -= copy.status.byteCount
                change.evictionCount += 1
            }
        }
        change.totalByteCount = byteCount
        return change
    }

    private func content(at path: String, byteCountMax: Int) throws(SystemError) -> [UInt8] {
        let file = OpenFile(try operations.open(path), of: operations)
        let status = try operations.status(of: file.descriptor)
        guard status.byteCount <= byteCountMax + SHA256Digest.byteCount else { throw .notFound }
        var bytes: [UInt8] = []
        while bytes.count < status.byteCount {
            let some = try operations.read(
                file.descriptor, byteCountMax: status.byteCount - bytes.count)
            guard !some.isEmpty else { break }
            if bytes.isEmpty { bytes = some } else { bytes += some }
        }
        let now = now()
        if status.written < now - Self.useResolution { try? operations.setWritten(path, to: now) }
        return bytes
    }

    private func status(at path: String) throws(SystemError) -> FileStatus {
        let file = OpenFile(try operations.open(path), of: operations)
        return try operations.status(of: file.descriptor)
    }

    private static let folders = (UInt8.min...UInt8.max).map {
        "objects/" + String(hexDigitsOf: [$0])
    }

    private static func path(of key: StorageKey) -> String {
        "objects/\(key.name.prefix(2))/\(key.name)"
    }
}

/// What became of the folder.
struct CacheChange: Hashable {
    var evictionCount = 0
    /// What it holds now, where that was looked at.
    var totalByteCount: Int?
    /// What it holds more than before, where it was not.
    var addedByteCount = 0
}
