internal import Glibc

/// The real file system below one directory, which stays the same even if its path is moved.
final class SystemFileOperations: FileOperations {
    /// For how long another process may hold a lock before we give up.
    private static let lockWaitMicrosecondsMax: UInt32 = 10_000_000
    private static let lockPauseMicrosecondsMax: UInt32 = 16_000

    private let root: Descriptor

    /// Opens a directory, made if need be, that belongs to us and that nobody else may write to.
    ///
    /// - Throws: ``HeapError/storageRefused(path:_:)`` or
    ///   ``HeapError/storageUnavailable(path:reason:)``.
    init(root path: String) throws(HeapError) {
        do throws(SystemError) {
            try Self.makeFolders(path)
            root = try Self.check(
                unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        } catch  where error.code == ENOTDIR || error.code == EEXIST {
            throw .storageRefused(path: path, .notADirectory)
        } catch {
            throw .storageUnavailable(path: path, reason: error.description)
        }
        // From here on `deinit` closes it, also where this throws.
        if let refusal = Self.refusal(of: root, at: path) {
            throw .storageRefused(path: path, refusal)
        }
    }

    deinit { _ = Glibc.close(root) }

    func makeFolder(_ path: String) throws(SystemError) {
        _ = try Self.check(unsafe mkdirat(root, path, 0o700))
    }

    func createFile(_ path: String) throws(SystemError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = try Self.check(unsafe openat(root, path, flags, 0o600))
        guard flock(file, LOCK_SH | LOCK_NB) == 0 else {
            let error = SystemError(code: errno)
            close(file)
            throw error
        }
        return file
    }

    func open(_ path: String) throws(SystemError) -> Descriptor {
        // A pipe that nobody writes to would keep its reader waiting.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = try Self.check(unsafe openat(root, path.isEmpty ? "." : path, flags))
        var status = stat()
        guard unsafe fstat(file, &status) == 0,
            [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
        else {
            close(file)
            throw .notAFile
        }
        return file
    }

    func openLock(_ path: String) throws(SystemError) -> Descriptor {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = try Self.check(unsafe openat(root, path, flags, 0o600))
        var pauseMicroseconds: UInt32 = 250
        var waitedMicroseconds: UInt32 = 0
        // Polled, because a wait in the kernel for a stopped process would have no end.
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let error = SystemError(code: errno)
            guard error == .wouldBlock || error == .interrupted,
                waitedMicroseconds < Self.lockWaitMicrosecondsMax
            else {
                close(file)
                throw error
            }
            usleep(pauseMicroseconds)
            waitedMicroseconds += pauseMicroseconds
            pauseMicroseconds = min(pauseMicroseconds * 2, Self.lockPauseMicrosecondsMax)
        }
        return file
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Descriptor) throws(SystemError) -> Int {
        try Self.check(
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) })
    }

    func read(_ file: Descriptor, byteCountMax: Int) throws(SystemError) -> [UInt8] {
        var result = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
            result = unsafe Glibc.read(file, buffer.baseAddress, byteCountMax)
            count = max(result, 0)
        }
        _ = try Self.check(result)
        return bytes
    }

    func status(of file: Descriptor) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try Self.check(unsafe fstat(file, &status))
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .isFolder }
        return FileStatus(byteCount: Int(status.st_size), written: WallTime(status.st_mtim))
    }

    func setWritten(_ path: String, to moment: WallTime) throws(SystemError) {
        let times = [timespec](repeating: timespec(moment), count: 2)
        _ = try Self.check(unsafe utimensat(root, path, times, AT_SYMLINK_NOFOLLOW))
    }

    func synchronize(_ file: Descriptor) throws(SystemError) {
        _ = try Self.check(fsync(file))
    }

    func close(_ file: Descriptor) {
        _ = Glibc.close(file)
    }

    func link(_ path: String, as newPath: String) throws(SystemError) {
        _ = try Self.check(unsafe linkat(root, path, root, newPath, 0))
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        _ = try Self.check(unsafe renameat(root, path, root, newPath))
    }

    func remove(_ path: String) throws(SystemError) {
        _ = try Self.check(unsafe unlinkat(root, path, 0))
    }

    func names(in folder: String) throws(SystemError) -> [String] {
        let descriptor = try open(folder)
        guard let stream = unsafe fdopendir(descriptor) else {
            let error = SystemError(code: errno)
            close(descriptor)
            throw error
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError(code: errno) }
        return names
    }

    func removeIfAbandoned(_ path: String, before limit: WallTime) throws(SystemError) {
        let file = OpenFile(try open(path), of: self)
        guard try status(of: file.descriptor).written < limit,
            flock(file.descriptor, LOCK_EX | LOCK_NB) == 0
        else { return }
        try remove(path)
    }
}

extension SystemFileOperations {
    private static func check<Result: SignedInteger>(
        _ result: Result
    ) throws(SystemError) -> Result {
        guard result >= 0 else { throw SystemError(code: errno) }
        return result
    }

    /// Makes a directory and those above it, each durable.
    private static func makeFolders(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o700) == 0 {
            let parent = try check(unsafe Glibc.open(self.parent(of: path), O_RDONLY | O_CLOEXEC))
            defer { _ = Glibc.close(parent) }
            _ = try check(fsync(parent))
            return
        }
        let error = SystemError(code: errno)
        switch error {
        case .exists: return
        case .notFound where parent(of: path) != path:
            try makeFolders(parent(of: path))
            try makeFolders(path)
        default: throw error
        }
    }

    private static func parent(of path: String) -> String {
        let trimmed = path.reversed().drop { $0 == "/" }
        let rest = trimmed.drop { $0 != "/" }
        let isRelative = rest.isEmpty && !path.hasPrefix("/")
        return isRelative ? "." : rest.isEmpty ? "/" : String(rest.reversed())
    }

    /// Why an open directory must not be used; nil if it may be.
    private static func refusal(of root: Descriptor, at path: String) -> StorageRefusal? {
        let ourUserID = geteuid()
        var status = stat()
        // Who may make links where we look for heaps chooses where they are kept.
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
            ![ourUserID, 0].contains(status.st_uid)
        {
            return .linkOfAnother(userID: status.st_uid)
        }
        guard unsafe fstat(root, &status) == 0 else { return .notADirectory }
        guard status.st_uid == ourUserID else {
            return .ownedByAnother(userID: status.st_uid, ourUserID: ourUserID)
        }
        guard status.st_mode & 0o022 == 0 else {
            return .writableByOthers(mode: status.st_mode & 0o7777)
        }
        return nil
    }
}
