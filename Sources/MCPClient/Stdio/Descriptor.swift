internal import Glibc

/// An open file descriptor of ours; closed when its owner goes.
struct Descriptor: ~Copyable, Sendable {
    let number: Int32

    init(adopting number: Int32) { self.number = number }

    deinit { close(number) }

    /// What a read found.
    enum Found {
        case bytes([UInt8])
        case nothingYet
        case end
    }

    /// Reads what is there, up to so many bytes; an error counts as the end.
    func read(upTo byteCount: Int) -> Found {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let result = unsafe Glibc.read(number, buffer.baseAddress, byteCount)
            failure = result < 0 ? errno : 0
            count = max(0, result)
        }
        switch failure {
        case 0: return bytes.isEmpty ? .end : .bytes(bytes)
        case EINTR, EAGAIN: return .nothingYet
        default: return .end
        }
    }

    /// Writes the beginning of these bytes and says how many; nil if nobody reads any more.
    func write(_ bytes: ArraySlice<UInt8>) -> Int? {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(number, $0.baseAddress, $0.count)
        }
        if count >= 0 { return count }
        return errno == EINTR || errno == EAGAIN ? 0 : nil
    }
}

/// What the system calls an error.
func systemReason(_ code: Int32) -> String {
    unsafe strerror(code).flatMap { unsafe String(validatingCString: $0) } ?? "error \(code)"
}
