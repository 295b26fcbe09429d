internal import CSandbox
import Glibc
import WorkerProtocol

/// What a worker process may use of the machine.
package struct ResourceLimits: Hashable, Sendable {
    /// Sealed anyway, and a limit at the file's end would end a worker that writes there by a
    /// signal.
    private static let fileByteCountMax = UInt64(2 * WorkerDescriptor.diagnosticsByteCount)
    /// As many as a `poll` of a worker's names; all numbers below are in use.
    private static let descriptorCountMax: UInt64 = 1

    /// How many forks a worker may have at a time: those that hold the two last states, and one
    /// that writes.
    package static let forkCountMax: UInt64 = 3
    /// A worker's own: its threads.
    private static let taskCount: UInt64 = 2

    /// What V8 may reserve beyond what its template has: the code of an isolate more, a thread's
    /// memory, a WebAssembly memory that may grow.
    private static let reservedByteCountMax: UInt64 = 512 << 20
    /// A stack is counted as no data.
    private static let stackByteCountMax: UInt64 = 8 << 20
    /// V8 makes a snapshot in a growing array, of which it makes a copy, while what is in it is
    /// there still.
    private static let bytesPerSnapshotByte: UInt64 = 4

    /// Bytes of writable memory: V8's heap, array buffers and everything else.
    package var dataByteCountMax: UInt64
    /// The most bytes of a snapshot.
    package var snapshotByteCountMax: UInt64 = 0
    /// Bytes of address space that a worker has before it does anything: at first this process's;
    /// 0 if they are not known.
    package var mappedByteCount: UInt64

    /// Makes limits.
    package init(dataByteCountMax: UInt64) {
        self.dataByteCountMax = dataByteCountMax
        mappedByteCount = UInt64(max(0, csandbox_address_byte_count()))
    }

    /// Bytes of writable memory while a snapshot is made.
    var dataByteCountMaxForSnapshots: UInt64 {
        dataByteCountMax + snapshotByteCountMax * ResourceLimits.bytesPerSnapshotByte
    }

    /// Bytes of address space: what is not writable any more, or is a stack, counts here only.
    var addressByteCountMax: UInt64 {
        mappedByteCount + dataByteCountMaxForSnapshots + ResourceLimits.reservedByteCountMax
    }

    /// Bounds memory, which is of use to scripts that are not hostile too.
    ///
    /// - Throws: ``SandboxError/refused(_:errno:)`` with the kernel's reason.
    package func applyToMemory() throws(SandboxError) {
        try set(RLIMIT_DATA, to: dataByteCountMax, atMost: dataByteCountMaxForSnapshots)
        try set(RLIMIT_CORE, to: 0)
    }

    /// Bounds everything that may be bounded while the worker still has descriptors and a thread to
    /// make.
    func apply() throws(SandboxError) {
        try applyToMemory()
        if mappedByteCount > 0 { try set(RLIMIT_AS, to: addressByteCountMax) }
        try set(RLIMIT_STACK, to: ResourceLimits.stackByteCountMax)
        try set(RLIMIT_FSIZE, to: ResourceLimits.fileByteCountMax)
        try set(__RLIMIT_MEMLOCK, to: 0)
        try set(__RLIMIT_MSGQUEUE, to: 0)
        try set(__RLIMIT_SIGPENDING, to: 0)
    }

    /// Allows no further thread or descriptor, and no process but a few forks, if any.
    ///
    /// The limit on processes is compared with how many the user has, of which there are always
    /// more than none: 0 needs no head-room for other workers, and no user of its own. A worker
    /// that may fork is counted by itself, see `csandbox_own_process_count`.
    func applyLast(_ forking: Confinement.Forking) throws(SandboxError) {
        let taskCountMax = ResourceLimits.taskCount + ResourceLimits.forkCountMax
        try set(__RLIMIT_NPROC, to: forking == .none ? 0 : taskCountMax)
        try set(RLIMIT_NOFILE, to: ResourceLimits.descriptorCountMax)
    }

    /// Sets a limit, and one that the process itself may raise it to.
    private func set(
        _ resource: __rlimit_resource, to value: UInt64, atMost most: UInt64? = nil
    ) throws(SandboxError) {
        let number = __rlimit_resource_t(resource.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(number, &limit) == 0 else {
            throw .refused(.resourceLimits, errno: errno)
        }
        // A limit that is lower already stays: only root could raise it.
        limit.rlim_max = min(limit.rlim_max, rlim_t(most ?? value))
        limit.rlim_cur = min(limit.rlim_max, rlim_t(value))
        guard unsafe setrlimit(number, &limit) == 0 else {
            throw .refused(.resourceLimits, errno: errno)
        }
    }
}
