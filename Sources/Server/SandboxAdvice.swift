internal import Glibc
internal import WorkerProtocol

extension SandboxReport.Entry {
    /// What can be done about a layer that does not hold; nil for one that does.
    var mend: String? {
        guard case .refused(let errno) = state else { return nil }
        return layer.mend(errno: errno)
    }

    /// The layer and its state, with the kernel's reason in words.
    var line: String {
        guard case .refused(let errno) = state else { return "\(self)" }
        return unsafe "\(layer): refused (\(String(cString: strerror(errno))))"
    }
}

extension SandboxLayer {
    fileprivate func mend(errno: Int32) -> String {
        switch self {
        case .unprivilegedUser:
            "start mcp-v8 as a user other than root, or leave it CAP_SETUID and CAP_SETGID"
        case .noCapabilities:
            "start mcp-v8 as a user other than root, or leave it CAP_SETPCAP"
        case .noNewPrivileges, .notDumpable, .resourceLimits:
            "every Linux since 3.5 has it: look for what confines mcp-v8 itself"
        case .systemCallFilter, .proof:
            "use a kernel with CONFIG_SECCOMP_FILTER, and a container that allows seccomp()"
        case .userNamespace:
            errno == ENOSPC
                ? "raise the sysctl user.max_user_namespaces"
                : "allow user namespaces: in a container by a seccomp profile with unshare(); on "
                    + "Debian by kernel.unprivileged_userns_clone=1, on Ubuntu by "
                    + "kernel.apparmor_restrict_unprivileged_userns=0"
        case .networkNamespace, .otherNamespaces, .emptyRoot, .processNamespace:
            "allow unshare(), mount() and pivot_root(): user namespaces for a plain user, in a "
                + "container a seccomp profile with these calls"
        case .landlock:
            errno == EOPNOTSUPP
                ? "add landlock to the kernel's boot parameter lsm="
                : "use Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK"
        case .noExecutableMemory: "use Linux 6.3 or newer"
        case .outOfMemoryFirst: "mount /proc, writable"
        }
    }
}
