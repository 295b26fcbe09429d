internal import Execution
internal import Glibc
internal import MCP
internal import WorkerProtocol

extension SandboxReport.Entry {
    /// What can be done about a layer that does not hold; nil for one that does.
    var fix: String? {
        guard case .refused(let errno) = state else { return nil }
        return layer.fix(errno: errno)
    }

    /// The layer and its state, with the kernel's reason in words.
    var line: String {
        guard case .refused(let errno) = state else { return "\(self)" }
        return unsafe "\(layer): refused (\(String(cString: strerror(errno))))"
    }
}

extension SandboxLayer {
    fileprivate func fix(errno: Int32) -> String {
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

extension MemoryBound {
    /// What can be done so that the kernel bounds the workers; nil where it does.
    var fix: String? {
        guard case .watch(let refusal) = self else { return nil }
        return switch refusal {
        case .absent: "mount control groups with the controllers memory and pids"
        case .notDelegated, .refused:
            "delegate its control group to mcp-v8: Delegate=memory pids in a unit of systemd, or "
                + "systemd-run --user --scope --property=Delegate=yes"
        case .shared: "start mcp-v8 in a control group of its own, as systemd does"
        }
    }

    /// What bounds the workers' memory, for a person.
    func line(_ bounds: ControlGroup.Bounds) -> String {
        let together = "all workers together have at most \(bounds.memoryByteCountMax >> 20) MiB"
        return switch self {
        case .controlGroup:
            "\(together) and \(bounds.processCountMax) processes, by a control group"
        case .watch(let refusal): "\(together), as the server watches them: \(refusal)"
        }
    }

    /// The same for a program.
    func json(_ bounds: ControlGroup.Bounds) -> JSON {
        var json: JSONObject = [
            "workers_mb_max": .number(JSONNumber(bounds.memoryByteCountMax >> 20)),
            "by": controlGroup == nil ? "watch" : "control_group",
        ]
        json["fix"] = fix.map(JSON.string)
        return .object(json)
    }
}
