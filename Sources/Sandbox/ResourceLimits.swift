import Glibc
import WorkerProtocol

/// What a worker process may use of the machine.
package struct ResourceLimits: Hashable, Sendable {
    /// Sealed anyway, and a limit at the file's end would end a worker that writes there by a
    /// signal.
    private static let fileByteCountMax = UInt64(2 * WorkerDescriptor.diagnosticsByteCount)
    /// As many as the watchdog's `poll` names; all numbers below are in use.
    private static let descriptorCountMax: UInt64 = 2

    /// How many forks a worker may have at a time: one that holds a state for later, one that is
    /// being written, and one that ends.
    package static let forkCountMax: UInt64 = 3
    /// A worker's own: its threads.
    private static let taskCount: UInt64 = 2

    /// Bytes of writable memory: V8's heap, array buffers and everything else.
    package var dataByteCountMax: UInt64

    /// Makes limits.
    package init(dataByteCountMax: UInt64) {
        self.dataByteCountMax = dataByteCountMax
    }

    /// Bounds memory, which is of use to scripts that are not hostile too.
    ///
    /// - Throws: ``SandboxError/refused(_:errno:)`` with the kernel's reason.
    package func applyToMemory() throws(SandboxError) {
        try set(RLIMIT_DATA, to: dataByteCountMax)
        try set(RLIMIT_CORE, to: 0)
    }

    /// Bounds everything that may be bounded while the worker still has descriptors and a thread to
    /// make.
    func apply() throws(SandboxError) {
        try applyToMemory()
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

    private func set(_ resource: __rlimit_resource, to value: UInt64) throws(SandboxError) {
        let number = __rlimit_resource_t(resource.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(number, &limit) == 0 else {
            throw .refused(.resourceLimits, errno: errno)
        }
        // A limit that is lower already stays: only root could raise it.
        limit.rlim_max = min(limit.rlim_max, rlim_t(value))
        limit.rlim_cur = limit.rlim_max
        guard unsafe setrlimit(number, &limit) == 0 else {
            throw .refused(.resourceLimits, errno: errno)
        }
    }
}
