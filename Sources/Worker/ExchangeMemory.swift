import Glibc
import V8
import WorkerProtocol

/// The memory shared with the server through which snapshots pass.
@safe
struct ExchangeMemory {
    private let bytes: UnsafeMutableRawBufferPointer

    /// The limit of a snapshot: the size of a slot.
    var byteCount: Int { unsafe bytes.count / WorkerDescriptor.exchangeSlotCount }

    /// The size of all slots together.
    var mappedByteCount: Int { unsafe bytes.count }

    /// Maps the memory and closes its descriptor.
    init(descriptor: Int32) throws(WorkerError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system("fstat", errno: errno) }
        let byteCount = Int(status.st_size)
        let mapping = unsafe mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            throw .system("mmap", errno: errno)
        }
        close(descriptor)
        unsafe bytes = UnsafeMutableRawBufferPointer(start: mapping, count: byteCount)
    }

    /// The snapshot that the server put here, until the next request.
    func snapshot(_ byteCount: UInt64) throws(WorkerError) -> Snapshot {
        guard let count = Int(exactly: byteCount), count <= self.byteCount else {
            throw .wire(.frameTooLarge(byteCount: Int(clamping: byteCount), limit: self.byteCount))
        }
        return unsafe Snapshot(borrowing: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    /// Copies bytes in for the server, behind what lies there already.
    ///
    /// - Returns: Whether they fit.
    func put(_ content: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard content.count <= byteCount - offset else { return false }
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: content)
        return true
    }

    /// Where the server looks for a snapshot.
    func slot(_ number: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            rebasing: bytes[(number * byteCount)..<((number + 1) * byteCount)])
    }

    /// The part of a slot that stays as it is while the server reads it, and after.
    func keptPart(ofSlot number: Int) -> UnsafeMutableRawBufferPointer {
        let kept = unsafe slot(number).prefix(WorkerDescriptor.exchangeKeptByteCount)
        return unsafe UnsafeMutableRawBufferPointer(rebasing: kept)
    }

    /// Tells how it went with a snapshot that was made for a slot.
    ///
    /// - Parameter start: when its making began.
    func report(_ snapshot: Snapshot, in number: Int, since start: Deadline) -> SnapshotReport {
        let count = snapshot.byteCount
        guard count <= byteCount else {
            return .tooLarge(byteCount: UInt64(count), limit: UInt64(byteCount))
        }
        let slot = unsafe slot(number)
        unsafe snapshot.withBytes { content in
            guard unsafe content.baseAddress != UnsafeRawPointer(slot.baseAddress) else { return }
            unsafe slot.copyMemory(from: content)
        }
        return .made(
            byteCount: UInt64(count), microseconds: Deadline.now.microseconds(since: start))
    }
}
