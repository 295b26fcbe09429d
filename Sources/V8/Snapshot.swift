internal import CV8
internal import Glibc

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
        /// They are somebody else's.
        case others
    }

    private let bytes: UnsafeRawBufferPointer
    private let owner: Owner

    /// The size of the snapshot.
    package var byteCount: Int { unsafe bytes.count }

    /// Is where bytes are that ``Isolate/serialize(into:)`` of an equal engine made, unaltered, and
    /// that nobody changes while this is used.
    package init(borrowing content: UnsafeRawBufferPointer) {
        unsafe bytes = content
        owner = .others
    }

    init(adopting content: cv8_bytes) {
        unsafe bytes = UnsafeRawBufferPointer(start: content.bytes, count: content.byte_count)
        owner = .v8
    }

    /// Serialises an isolate, and ends it.
    init(serializing isolate: OpaquePointer, into place: UnsafeMutableRawBufferPointer) {
        let content = unsafe cv8_isolate_serialize(
            isolate, place.baseAddress?.assumingMemoryBound(to: CChar.self), place.count)
        unsafe bytes = UnsafeRawBufferPointer(start: content.bytes, count: content.byte_count)
        owner =
            unsafe bytes.baseAddress == place.baseAddress.map { UnsafeRawPointer($0) }
            ? .others : .v8
    }

    deinit {
        switch owner {
        case .v8: unsafe cv8_snapshot_free(raw)
        case .others: break
        }
    }

    /// Lends the bytes for the call.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        try unsafe body(bytes)
    }

    /// V8's read-only objects, which all isolates of a process share: those whose snapshots have
    /// the same can be open beside each other. Empty if it cannot be told.
    package var readOnlyObjects: [UInt8] {
        let part = unsafe cv8_snapshot_read_only_part(raw)
        return unsafe Array(UnsafeRawBufferPointer(start: part.bytes, count: part.byte_count))
    }

    /// Whether its read-only objects can be told and are these.
    package func hasReadOnlyObjects(_ objects: [UInt8]) -> Bool {
        let part = unsafe cv8_snapshot_read_only_part(raw)
        let byteCount = unsafe part.byte_count
        guard let bytes = unsafe part.bytes, byteCount == objects.count else { return false }
        return unsafe objects.withUnsafeBytes {
            unsafe $0.baseAddress.map { unsafe memcmp(bytes, $0, byteCount) == 0 } ?? false
        }
    }

    var raw: cv8_bytes {
        unsafe cv8_bytes(
            bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), byte_count: bytes.count)
    }
}
