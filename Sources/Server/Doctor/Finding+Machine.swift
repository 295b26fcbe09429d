internal import Execution
internal import Foundation
internal import Glibc

extension Finding {
    /// Less room than this is worth a warning.
    private static let diskByteCountMin = 1 << 30
    /// What one worker takes of the server's descriptors.
    private static let descriptorsPerWorker = 4
    /// What a server has open besides workers, with some connections.
    private static let descriptorsBeside = 128

    /// How much room there is for heaps.
    static func disk(_ path: String) -> Finding {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            return Finding("storage", .failed, "\(path): \(errorText)")
        }
        let byteCount = Int(status.f_bavail) * Int(status.f_frsize)
        let isLittle = byteCount < diskByteCountMin
        return Finding(
            "storage", isLittle ? .warning : .fine,
            "files in \(path), \(byteCount >> 20) MiB free",
            fix: isLittle ? "make room, or give another --directory-path" : nil)
    }

    /// Whether all workers together fit into the memory that is there.
    static func memory(_ limits: ExecutionLimits) -> Finding {
        let workerByteCount = 4 * limits.heapByteCountMax
        let needed = workerByteCount * limits.workersMax
        let available = availableByteCount
        let words =
            "\(available >> 20) MiB available; \(limits.workersMax) workers of at most "
            + "\(workerByteCount >> 20) MiB"
        guard needed > available else { return Finding("memory", .fine, words) }
        return Finding(
            "memory", .warning, words + " could want more",
            fix: "lower --workers-max or --heap-mb-max where clients are not trusted")
    }

    /// Whether the system's limits on the server leave room for its workers.
    static func limits(_ limits: ExecutionLimits) -> [Finding] {
        [
            limit(
                "descriptors", RLIMIT_NOFILE,
                atLeast: limits.workersMax * descriptorsPerWorker + descriptorsBeside,
                fix: "raise ulimit -n, LimitNOFILE= of systemd, or lower --workers-max"),
            limit(
                "bytes of a file", RLIMIT_FSIZE, atLeast: limits.snapshotByteCountMax,
                fix: "raise ulimit -f, or lower --snapshot-mb-max"),
        ]
    }

    private static func limit(
        _ name: String, _ resource: __rlimit_resource, atLeast needed: Int, fix: String
    ) -> Finding {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else {
            return Finding("limits", .warning, "\(name): \(errorText)")
        }
        let isUnlimited = limit.rlim_max == rlim_t.max
        let allowed = isUnlimited ? "unlimited" : "\(limit.rlim_max)"
        let isEnough = isUnlimited || limit.rlim_max >= rlim_t(needed)
        return Finding(
            "limits", isEnough ? .fine : .warning, "\(name): \(allowed), needed \(needed)",
            fix: isEnough ? nil : fix)
    }

    /// What the kernel would give out, or less where a control group has a limit.
    private static var availableByteCount: Int {
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .compactMap { path in text(path).flatMap { Int($0.trimmed) } }
        let line = (text("/proc/meminfo") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("MemAvailable:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return min(kibibytes << 10, limits.min() ?? .max)
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static var errorText: String { unsafe String(cString: strerror(errno)) }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

extension DoctorCommand {
    /// What the machine gives the server.
    func machineFindings(_ settings: Settings) -> [Finding] {
        let bound = MemoryBound(settings.workerBounds)
        defer { bound.controlGroup?.remove() }
        // Watching does it too, a little later.
        let together = Finding(
            "memory", .fine, bound.line(settings.workerBounds), fix: bound.fix)
        return [Finding.memory(settings.limits), together] + Finding.limits(settings.limits)
    }
}
