internal import CV8

/// The serialised bytes of a heap.
///
/// V8 ends the process when it is given bytes that it did not make: whoever builds a snapshot from
/// bytes vouches for them.
// Safe because the bytes never change.
@safe
package final class Snapshot: @unchecked Sendable {
    private enum Owner {
        /// V8 allocated the bytes.
        case v8
        /// We did.
        case swift
    }

    private let bytes: UnsafeRawBufferPointer
    private let owner: Owner

    /// The size of the snapshot.
    package var byteCount: Int { bytes.count }

    /// Copies bytes that ``Isolate/serialize()`` of an equal engine made, unaltered.
    package init(copying content: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: unsafe content.count, alignment: MemoryLayout<UInt64>.alignment)
        unsafe copy.copyMemory(from: content)
        unsafe bytes = UnsafeRawBufferPointer(copy)
        owner = .swift
    }

    init(adopting content: cv8_bytes) {
        unsafe bytes = UnsafeRawBufferPointer(start: content.bytes, count: content.byte_count)
        owner = .v8
    }

    deinit {
        switch owner {
        case .v8: unsafe cv8_snapshot_free(raw)
        case .swift: unsafe bytes.deallocate()
        }
    }

    /// Lends the bytes for the call.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        try unsafe body(bytes)
    }

    /// Whether isolates on both snapshots can be open in one process; false also if that cannot be
    /// told.
    package func fits(_ other: Snapshot) -> Bool {
        unsafe cv8_snapshots_fit_together(raw, other.raw)
    }

    var raw: cv8_bytes {
        unsafe cv8_bytes(
            bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), byte_count: bytes.count)
    }
}
