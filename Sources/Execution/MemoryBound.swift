internal import Glibc
package import Logging

/// What holds all workers together to their memory.
package enum MemoryBound: Sendable {
    /// The kernel.
    case controlGroup(ControlGroup)
    /// This server, which looks from time to time, as the kernel has no group for it.
    case watch(ControlGroup.Refusal)

    /// Takes the kernel's means where they were delegated to this process.
    package init(_ bounds: ControlGroup.Bounds) {
        do throws(ControlGroup.Refusal) {
            self = .controlGroup(try ControlGroup(bounds))
        } catch {
            self = .watch(error)
        }
    }

    /// Bytes of memory of the machine.
    package static var machineByteCount: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Bytes of memory of the machine, or as many as the server's own control group may have.
    package static var memoryByteCount: Int {
        let place = ControlGroupPlace(
            membership: KernelText.read("/proc/self/cgroup") ?? "", root: ControlGroup.root)
        return min(machineByteCount, place?.memoryByteCountMax ?? .max)
    }

    /// The group that templates begin in.
    package var controlGroup: ControlGroup? {
        if case .controlGroup(let group) = self { group } else { nil }
    }

    /// Watches where the kernel does not; returns when it is cancelled.
    package func run(
        over execution: ExecutionService, byteCountMax: Int, timeline: Timeline, logger: Logger
    ) async {
        guard case .watch = self else { return }
        await MemoryWatch(
            byteCountMax: byteCountMax, timeline: timeline, logger: logger,
            shared: { execution.pool.sharedMemory }
        ).run()
    }
}
