internal import Glibc
package import WorkerProtocol

/// Why workers could not be confined.
package enum SandboxError: Error, Hashable, Sendable {
    /// The kernel refused a layer that a worker must have.
    case refused(SandboxLayer, errno: Int32)
    /// Layers that must hold do not.
    case missing([SandboxReport.Entry])
    /// A confined process did what it must not be able to do.
    case escaped(attempt: String)
    /// The process that was to prove the confinement did not do as expected.
    case unproven(String)
}

extension SandboxError: CustomStringConvertible {
    /// One line for a person, which says what to do.
    package var description: String {
        switch self {
        case .refused(let layer, let errno):
            "the kernel refuses \(layer): \(Self.text(ofErrno: errno))"
        case .missing(let entries):
            "workers cannot be confined as they must be; the kernel refuses "
                + entries.map(Self.text).joined(separator: ", ")
                + "; `--sandbox off` runs scripts without, with the rights of this user"
        case .escaped(let attempt):
            "a confined process could \(attempt); `--sandbox off` runs scripts all the same"
        case .unproven(let what):
            "the confinement could not be proved: \(what); `--sandbox off` runs scripts anyway"
        }
    }

    private static func text(_ entry: SandboxReport.Entry) -> String {
        guard case .refused(let errno) = entry.state else { return "\(entry.layer)" }
        return "\(entry.layer) (\(text(ofErrno: errno)))"
    }

    private static func text(ofErrno errno: Int32) -> String {
        unsafe String(cString: strerror(errno))
    }
}
