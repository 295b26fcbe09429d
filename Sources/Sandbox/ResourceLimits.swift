import Glibc

/// What a worker process may use of the machine.
package struct ResourceLimits: Hashable, Sendable {
    /// Bytes of writable memory: V8's heap, array buffers and everything else.
    package var dataByteCountMax: UInt64

    /// Makes limits.
    package init(dataByteCountMax: UInt64) {
        self.dataByteCountMax = dataByteCountMax
    }

    /// Puts the limits on this process, for good.
    ///
    /// - Throws: ``SandboxError/refused(layer:errno:)`` with the kernel's reason.
    package func apply() throws(SandboxError) {
        try set(RLIMIT_DATA, to: dataByteCountMax, named: "RLIMIT_DATA")
        try set(RLIMIT_CORE, to: 0, named: "RLIMIT_CORE")
    }

    private func set(
        _ resource: __rlimit_resource, to value: UInt64, named name: String
    ) throws(SandboxError) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        guard unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else {
            throw .refused(layer: name, errno: errno)
        }
    }
}

/// Why a worker could not be confined.
package enum SandboxError: Error, Hashable, Sendable {
    /// The kernel refused a layer.
    case refused(layer: String, errno: Int32)
}
