internal import Glibc
package import Logging

/// Ends the largest worker when all of them together have more memory than they may: what a
/// ``ControlGroup`` does where there is one.
///
/// It looks at processes, not at what workers say: at all that is below templates, which are
/// children of this process. A worker counts with its forks: many small ones are not spared.
package struct MemoryWatch: Sendable {
    /// A worker with its forks, which are in its process group for good.
    struct Holding: Hashable, Sendable {
        /// The group; nil of a process that leads none yet, which then is the only one.
        var group: Int32?
        var processIDs: [Int32]
        /// Memory that is written by one process only, of all of them.
        var privateByteCount: Int
        /// What they share with each other and with the server.
        var sharedByteCount: Int

        var byteCount: Int { privateByteCount + sharedByteCount }
    }

    /// What workers share, which the kernel does not tell.
    package struct Shared: Sendable {
        /// Code that each has of the template's, and that counts as memory of its own.
        var codeByteCount: Int
        /// What each shares with this process, by its number. What a worker has unmapped is taken
        /// all the same, and the kernel does not count it as the worker's.
        var byteCounts: [Int32: Int]
    }

    private static let calmInterval: Duration = .seconds(1)
    /// How often it looks where more than half of what is allowed is taken.
    private static let closeInterval: Duration = .milliseconds(100)

    private let byteCountMax: Int
    private let timeline: Timeline
    private let logger: Logger
    private let shared: @Sendable () -> Shared

    /// Makes a watch over the workers of this process.
    ///
    /// - Parameter shared: what workers share.
    package init(
        byteCountMax: Int, timeline: Timeline, logger: Logger,
        shared: @escaping @Sendable () -> Shared
    ) {
        self.byteCountMax = byteCountMax
        self.shared = shared
        self.timeline = timeline
        self.logger = logger
    }

    /// Looks, again and again, until it is cancelled.
    package func run() async {
        var pause = MemoryWatch.calmInterval
        while (try? await timeline.sleep(until: timeline.now + pause)) != nil {
            let holdings = MemoryWatch.holdings(shared())
            let byteCount = holdings.reduce(0) { $0 + $1.byteCount }
            let isClose = byteCount > byteCountMax / 2
            pause = isClose ? MemoryWatch.closeInterval : MemoryWatch.calmInterval
            guard byteCount > byteCountMax else { continue }
            end(holdings, byteCount)
        }
    }

    private func end(_ holdings: [Holding], _ byteCount: Int) {
        guard let largest = holdings.max(by: { $0.byteCount < $1.byteCount }) else { return }
        let processIDs = largest.processIDs.map { "\($0)" }.joined(separator: " ")
        logger.warning(
            "Workers have too much memory: the largest is ended",
            metadata: [
                "process.ids": "\(processIDs)", "bytes": "\(largest.byteCount)",
                "bytes.together": "\(byteCount)", "bytes.max": "\(byteCountMax)",
            ])
        // The group at once: what one process after the other is killed of could fork meanwhile.
        if let group = largest.group {
            kill(-group, SIGKILL)
        } else {
            largest.processIDs.forEach { kill($0, SIGKILL) }
        }
    }

    /// What is below this process's children, each worker together with what it forked and shares.
    static func holdings(_ sharing: Shared) -> [Holding] {
        let templates = children(of: getpid())
        let others = Set(([getpid()] + templates).compactMap(group))
        var found: [Holding] = []
        var groups: [Int32: Int] = [:]
        for process in templates.flatMap(descendants) {
            guard let status = KernelText.read("/proc/\(process)/status"),
                let group = group(of: process)
            else { continue }
            let anonymous = KernelText.byteCount(in: status, of: ["RssAnon:"]) ?? 0
            let ofItsOwn = max(0, anonymous - sharing.codeByteCount)
            let mapped = KernelText.byteCount(in: status, of: ["RssShmem:"]) ?? 0
            let shared = sharing.byteCounts[group] ?? mapped
            if let index = groups[group] {
                found[index].processIDs.append(process)
                found[index].privateByteCount += ofItsOwn
                found[index].sharedByteCount = max(found[index].sharedByteCount, shared)
                continue
            }
            let isOwn = !others.contains(group)
            if isOwn { groups[group] = found.count }
            found.append(
                Holding(
                    group: isOwn ? group : nil, processIDs: [process], privateByteCount: ofItsOwn,
                    sharedByteCount: shared))
        }
        return found
    }

    /// Children, and theirs, as deep as they go: a fork may fork too.
    private static func descendants(of process: Int32) -> [Int32] {
        children(of: process).flatMap { [$0] + descendants(of: $0) }
    }

    /// The process group; nil where the process is gone.
    private static func group(of process: Int32) -> Int32? {
        let group = getpgid(process)
        return group > 0 ? group : nil
    }

    private static func children(of process: Int32) -> [Int32] {
        let tasks = "/proc/\(process)/task"
        return KernelText.names(in: tasks).flatMap { name in
            let text = KernelText.read("\(tasks)/\(name)/children") ?? ""
            return text.split(separator: " ").compactMap { Int32($0) }
        }
    }
}
