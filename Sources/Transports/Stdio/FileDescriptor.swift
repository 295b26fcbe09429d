import Glibc

/// An open file descriptor; closed when its owner goes.
package struct FileDescriptor: ~Copyable, Sendable {
    let number: Int32

    /// Takes over a descriptor that nothing else closes.
    package init(adopting number: Int32) {
        self.number = number
    }

    deinit { close(number) }

    /// What a read found.
    enum ReadResult {
        case bytes([UInt8])
        case nothingYet
        case end
    }

    /// Reads what is there, up to so many bytes.
    func read(upTo byteCount: Int) throws(TransportError) -> ReadResult {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let result = unsafe Glibc.read(number, buffer.baseAddress, byteCount)
            failure = result < 0 ? errno : 0
            count = max(0, result)
        }
        switch failure {
        case 0: return bytes.isEmpty ? .end : .bytes(bytes)
        case EINTR, EAGAIN: return .nothingYet
        // A terminal or socket whose other side went away.
        case EIO, ECONNRESET: return .end
        default: throw .systemCall(.read, errno: failure)
        }
    }

    /// What a write did.
    enum WriteResult {
        case written(byteCount: Int)
        case readerGone
    }

    /// Writes the beginning of these bytes.
    func write(_ bytes: ArraySlice<UInt8>) throws(TransportError) -> WriteResult {
        let result = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(number, $0.baseAddress, $0.count)
        }
        guard result < 0 else { return .written(byteCount: result) }
        switch errno {
        case EINTR, EAGAIN: return .written(byteCount: 0)
        case EPIPE, ECONNRESET, EIO: return .readerGone
        case let failure: throw .systemCall(.write, errno: failure)
        }
    }

    /// Whether a write would not block, at this moment; it may fail.
    var isWritable: Bool {
        var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Makes a pipe whose ends never block, and that no child process inherits.
    static func makePipe() throws(TransportError) -> Pipe {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .systemCall(.makePipe, errno: errno) }
        let pipe = Pipe(
            readEnd: FileDescriptor(adopting: ends[0]), writeEnd: FileDescriptor(adopting: ends[1]))
        for end in ends {
            guard fcntl(end, F_SETFD, FD_CLOEXEC) == 0, fcntl(end, F_SETFL, O_NONBLOCK) == 0 else {
                throw .systemCall(.makePipe, errno: errno)
            }
        }
        return pipe
    }

    /// The two ends of a pipe.
    struct Pipe: ~Copyable, Sendable {
        let readEnd: FileDescriptor
        let writeEnd: FileDescriptor
    }
}
