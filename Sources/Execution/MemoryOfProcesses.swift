internal import Glibc

/// What the kernel says of the memory of processes, and of the machine's.
struct MemoryOfProcesses: Sendable {
    private static let pageByteCount = sysconf(Int32(_SC_PAGESIZE))

    /// Bytes that a process has for itself; nil where that cannot be found out.
    ///
    /// Exactly where this process may look at the other one's mappings. Else what is not shared
    /// with files, which counts pages that are still those of the template.
    ///
    /// - Parameter codeByteCount: how much code of the template's is not to be counted.
    func privateByteCount(of processID: Int32, besides codeByteCount: Int = 0) -> Int? {
        let rollup = KernelText.read("/proc/\(processID)/smaps_rollup") ?? ""
        let names: [Substring] = ["Private_Clean:", "Private_Dirty:"]
        if let byteCount = KernelText.byteCount(in: rollup, of: names) { return byteCount }
        guard let statm = KernelText.read("/proc/\(processID)/statm") else { return nil }
        let pages = statm.split(separator: " ").compactMap { Int($0) }
        guard pages.count > 2 else { return nil }
        return max(0, (pages[1] - pages[2]) * Self.pageByteCount - codeByteCount)
    }

    /// Whether the machine has so little memory left that what can be had again should be given up.
    var isShort: Bool {
        guard let text = KernelText.read("/proc/meminfo"),
            let total = KernelText.byteCount(in: text, of: ["MemTotal:"]),
            let available = KernelText.byteCount(in: text, of: ["MemAvailable:"])
        else { return false }
        return available < total / 16
    }
}
