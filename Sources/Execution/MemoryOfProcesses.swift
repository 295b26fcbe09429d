internal import Glibc

/// What the kernel says of the memory of processes, and of the machine's.
struct MemoryOfProcesses: Sendable {
    private static let pageByteCount = sysconf(Int32(_SC_PAGESIZE))

    /// Bytes that a process has for itself; nil where that cannot be found out.
    ///
    /// Exactly where this process may look at the other one's mappings. Else what is not shared
    /// with files, which counts pages that are still those of the template.
    func privateByteCount(of processID: Int32) -> Int? {
        if let rollup = Self.read("/proc/\(processID)/smaps_rollup", byteCountMax: 4096) {
            let sizes = Self.kilobytes(in: rollup, of: ["Private_Clean:", "Private_Dirty:"])
            if let sizes { return sizes * 1024 }
        }
        guard let statm = Self.read("/proc/\(processID)/statm", byteCountMax: 256) else {
            return nil
        }
        let pages = statm.split(separator: " ").compactMap { Int($0) }
        return pages.count > 2 ? (pages[1] - pages[2]) * Self.pageByteCount : nil
    }

    /// Whether the machine has so little memory left that what can be had again should be given up.
    var isShort: Bool {
        guard let text = Self.read("/proc/meminfo", byteCountMax: 4096),
            let total = Self.kilobytes(in: text, of: ["MemTotal:"]),
            let available = Self.kilobytes(in: text, of: ["MemAvailable:"])
        else { return false }
        return available < total / 16
    }

    /// The sum of the lines of these names; nil if one is not there.
    private static func kilobytes(in text: String, of names: [Substring]) -> Int? {
        var sum = 0
        var found = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 1, names.contains(words[0]), let size = Int(words[1]) else {
                continue
            }
            sum += size
            found += 1
        }
        return found == names.count ? sum : nil
    }

    private static func read(_ path: String, byteCountMax: Int) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        let count = unsafe Glibc.read(descriptor, &bytes, byteCountMax)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
