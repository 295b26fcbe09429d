internal import Glibc
package import Logging

/// Ends the largest worker when all of them together have more memory than they may: what a
/// ``ControlGroup`` does where there is one.
///
/// It looks at processes, not at what workers say: at the children of templates, which are
/// children of this process, and at theirs.
package struct MemoryWatch: Sendable {
    /// A worker, or a fork of one.
    struct Holding: Hashable, Sendable {
        var processID: Int32
        var byteCount: Int
    }

    private static let calmInterval: Duration = .seconds(1)
    /// How often it looks where more than half of what is allowed is taken.
    private static let closeInterval: Duration = .milliseconds(100)

    private let byteCountMax: Int
    private let timeline: Timeline
    private let logger: Logger

    /// Makes a watch over the workers of this process.
    package init(byteCountMax: Int, timeline: Timeline, logger: Logger) {
        self.byteCountMax = byteCountMax
        self.timeline = timeline
        self.logger = logger
    }

    /// Looks, again and again, until it is cancelled.
    package func run() async {
        var pause = MemoryWatch.calmInterval
        while (try? await timeline.sleep(until: timeline.now + pause)) != nil {
            let holdings = MemoryWatch.holdings()
            let byteCount = holdings.reduce(0) { $0 + $1.byteCount }
            let isClose = byteCount > byteCountMax / 2
            pause = isClose ? MemoryWatch.closeInterval : MemoryWatch.calmInterval
            guard byteCount > byteCountMax else { continue }
            end(holdings, byteCount)
        }
    }

    private func end(_ holdings: [Holding], _ byteCount: Int) {
        guard let largest = holdings.max(by: { $0.byteCount < $1.byteCount }) else { return }
        logger.warning(
            "Workers have too much memory: the largest is ended",
            metadata: [
                "process.id": "\(largest.processID)", "bytes": "\(largest.byteCount)",
                "bytes.together": "\(byteCount)", "bytes.max": "\(byteCountMax)",
            ])
        kill(largest.processID, SIGKILL)
    }

    /// What is below this process's children.
    static func holdings() -> [Holding] {
        var found: [Holding] = []
        // Workers, and their forks.
        for worker in children(of: getpid()).flatMap(children) {
            for process in [worker] + children(of: worker) {
                guard let status = KernelText.read("/proc/\(process)/status") else { continue }
                found.append(Holding(processID: process, byteCount: byteCount(in: status)))
            }
        }
        return found
    }

    /// Memory of its own and shared memory; not files, which are the same for all.
    static func byteCount(in status: String) -> Int {
        KernelText.byteCount(in: status, of: ["RssAnon:", "RssShmem:"]) ?? 0
    }

    private static func children(of process: Int32) -> [Int32] {
        let tasks = "/proc/\(process)/task"
        return KernelText.names(in: tasks).flatMap { name in
            let text = KernelText.read("\(tasks)/\(name)/children") ?? ""
            return text.split(separator: " ").compactMap { Int32($0) }
        }
    }
}
