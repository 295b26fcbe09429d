internal import Glibc

/// The file system as ``HeapDirectory`` needs it: one system call each, on paths below the
/// directory.
///
/// A seam, so that a test can let any of them fail or end the process there.
protocol FileOperations: Sendable {
    typealias Descriptor = CInt

    /// Makes a folder that only the owner may enter.
    func makeFolder(_ path: String) throws(SystemError)
    /// Makes a file that must not exist, and marks it as in use until it is closed.
    func createFile(_ path: String) throws(SystemError) -> Descriptor
    /// Opens a file or a folder for reading, without waiting for anybody; what is neither is
    /// ``SystemError/notAFile``.
    func open(_ path: String) throws(SystemError) -> Descriptor
    /// Opens a lock file, made if need be, and waits a bounded time until it belongs to us alone.
    func openLock(_ path: String) throws(SystemError) -> Descriptor
    /// Writes some of the bytes and returns how many.
    func write(_ bytes: ArraySlice<UInt8>, to file: Descriptor) throws(SystemError) -> Int
    /// Reads up to as many bytes; none at the end.
    func read(_ file: Descriptor, byteCountMax: Int) throws(SystemError) -> [UInt8]
    /// How large a file is and when it was written; a folder is ``SystemError/isFolder``.
    func status(of file: Descriptor) throws(SystemError) -> FileStatus
    /// Lets a file count as written at a moment.
    func setWritten(_ path: String, to moment: WallTime) throws(SystemError)
    /// Waits until a file's bytes, or a folder's entries, are on the disk.
    func synchronize(_ file: Descriptor) throws(SystemError)
    /// Closes.
    func close(_ file: Descriptor)
    /// Gives a file a second path, which must not exist.
    func link(_ path: String, as newPath: String) throws(SystemError)
    /// Moves a file over what may be at the new path.
    func rename(_ path: String, to newPath: String) throws(SystemError)
    /// Removes a path.
    func remove(_ path: String) throws(SystemError)
    /// The names in a folder, in no order.
    func names(in folder: String) throws(SystemError) -> [String]
    /// Removes a file that was last written before a moment and that no process has in use.
    func removeIfAbandoned(_ path: String, before: WallTime) throws(SystemError)
}

/// What a file system knows of a file beside its bytes.
struct FileStatus: Hashable {
    /// How many bytes it has.
    var byteCount: Int
    /// When it was last written, or what ``FileOperations/setWritten(_:to:)`` made of that.
    var written: WallTime
}

/// Why a system call failed.
struct SystemError: Error, Hashable {
    /// The number that the system gave.
    let code: CInt

    static let exists = SystemError(code: EEXIST)
    static let notFound = SystemError(code: ENOENT)
    static let interrupted = SystemError(code: EINTR)
    static let wouldBlock = SystemError(code: EWOULDBLOCK)
    /// A pipe, a socket or a device.
    static let notAFile = SystemError(code: ENXIO)
    /// What is to be a file is a folder.
    static let isFolder = SystemError(code: EISDIR)
    /// What is to be a file is a link.
    static let isLink = SystemError(code: ELOOP)
    static let notPermitted = SystemError(code: EPERM)
    static let notAFolder = SystemError(code: ENOTDIR)
    static let notEmpty = SystemError(code: ENOTEMPTY)

    /// Whether there is no room, or not for us.
    var isFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }

    /// What is wrong with the one object that was to be read; nil where it is not the object's.
    var damage: EnvelopeDamage? {
        switch self {
        case .notAFile, .isFolder, .isLink: .notAFile
        default: [EIO, EACCES, EPERM].contains(code) ? .unreadable(description) : nil
        }
    }
}

extension SystemError: CustomStringConvertible {
    /// The system's text.
    var description: String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }
}

/// An open file that is closed when it is no longer held.
struct OpenFile: ~Copyable {
    let descriptor: FileOperations.Descriptor
    private let operations: any FileOperations

    init(_ descriptor: FileOperations.Descriptor, of operations: any FileOperations) {
        self.descriptor = descriptor
        self.operations = operations
    }

    deinit { operations.close(descriptor) }
}
