import CSandbox
internal import Glibc

/// Memory that the server and one worker share as a file of fixed size.
///
/// The server never maps it: a hostile worker may change it at any time, so bytes are copied out
/// once and judged then. Calls block as long as the copy takes.
package struct MemoryFile: ~Copyable, Sendable {
    /// Shared with the worker by passing it along.
    package let descriptor: OwnedDescriptor
    /// The size, which nobody can change.
    package let byteCount: Int

    /// Makes an empty file; its memory is taken when it is written.
    package init(named name: String, byteCount: Int) throws(ExecutionError) {
        let result = unsafe csandbox_memory_file(name, byteCount)
        guard result >= 0 else { throw .system(call: "memfd_create", code: -result) }
        descriptor = OwnedDescriptor(adopting: result)
        self.byteCount = byteCount
    }

    /// How many bytes of memory it takes; 0 where that cannot be found out.
    package var takenByteCount: Int {
        var status = stat()
        // Counted in blocks of 512 bytes, whatever the page size is.
        return unsafe fstat(descriptor.number, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }

    /// Writes bytes at the start of the file.
    package borrowing func write(_ bytes: [UInt8]) throws(ExecutionError) {
        precondition(bytes.count <= byteCount, "What is written must fit.")
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes[written...].withUnsafeBytes { rest in
                unsafe pwrite(descriptor.number, rest.baseAddress, rest.count, off_t(written))
            }
            if result < 0 && errno == EINTR { continue }
            guard result > 0 else { throw .system(call: "pwrite", code: errno) }
            written += result
        }
    }

    /// Copies bytes of the file, the first ones if no offset is given.
    package borrowing func read(
        byteCount count: Int, at offset: Int = 0
    ) throws(ExecutionError) -> [UInt8] {
        precondition(offset + count <= byteCount, "Nothing lies behind the end.")
        var failure: ExecutionError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[filled..<count])
                let result = unsafe pread(
                    descriptor.number, rest.baseAddress, rest.count, off_t(offset + filled))
                if result < 0 && errno == EINTR { continue }
                guard result > 0 else {
                    failure = .system(call: "pread", code: errno)
                    return
                }
                filled += result
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Gives memory back; the content is zero afterwards.
    package borrowing func discard(byteCount: Int, at offset: Int = 0) throws(ExecutionError) {
        let result = csandbox_memory_file_discard(descriptor.number, offset, byteCount)
        guard result == 0 else { throw .system(call: "fallocate", code: -result) }
    }
}
