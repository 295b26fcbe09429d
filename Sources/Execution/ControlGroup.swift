internal import Glibc

/// A control group of the kernel's for all workers together: their memory and their number are
/// bounded by it, whatever they do.
///
/// It is made beside the server's own, where that was delegated to the server: with version 2 where
/// the directory is the server's user's, or marked as delegated by who starts services, and with
/// version 1 wherever a directory can be made. Otherwise memory is watched: ``MemoryWatch``.
package struct ControlGroup: Hashable, Sendable {
    /// What workers may take together.
    package struct Bounds: Hashable, Sendable {
        /// Bytes of memory, with what is cached for them.
        package var memoryByteCountMax: Int
        /// Processes and threads, with templates and those that hold namespaces.
        package var processCountMax: Int

        /// Bounds for so many workers, each with a thread beside its first and three forks.
        package init(memoryByteCountMax: Int, workersMax: Int) {
            self.memoryByteCountMax = memoryByteCountMax
            processCountMax = 8 * workersMax + 16
        }
    }

    /// Why there is none.
    package enum Refusal: Error, Hashable, Sendable {
        /// The kernel offers none here, or not these controllers.
        case absent
        /// The server's own group was not delegated to it.
        case notDelegated
        /// Others are in the server's group, where its workers' limits would be theirs.
        case shared
        /// The kernel refused a step.
        case refused(errno: Int32)
    }

    /// Where the kernel shows control groups.
    static let root = "/sys/fs/cgroup"
    static let prefix = "mcp-v8-workers-"

    private static let removalTriesMax = 100
    private static let removalPauseMicroseconds: UInt32 = 10_000

    /// Directories: one for each bound.
    let paths: [String]

    /// Makes a group with bounds.
    ///
    /// - Parameters:
    ///   - root: where control groups are mounted.
    ///   - membership: what `/proc/self/cgroup` says.
    /// - Throws: ``Refusal``; nothing is left behind then.
    package init(
        _ bounds: Bounds, root: String = ControlGroup.root, membership: String? = nil
    ) throws(Refusal) {
        let membership = membership ?? KernelText.read("/proc/self/cgroup") ?? ""
        let own = ControlGroupPlace(membership: membership, root: root)
        guard let place = own else { throw .absent }
        let name = ControlGroup.prefix + "\(getpid())"
        let parents = try place.prepare()
        for parent in Set(parents) { ControlGroup.removeLeftovers(in: parent) }
        paths = parents.map { "\($0)/\(name)" }
        do throws(Refusal) {
            for path in Set(paths) where mkdir(path, 0o755) != 0 { throw .refused(errno: errno) }
            try place.write(bounds, to: paths)
        } catch {
            remove()
            throw error
        }
    }

    /// Moves a process into it; what that forks later begins there.
    package func add(_ processID: Int32) throws(Refusal) {
        for path in Set(paths) { try KernelText.write("\(processID)", to: "\(path)/cgroup.procs") }
    }

    /// Removes it; waits a little for its last processes, which end by themselves when their
    /// template has. Blocks: for the end of a server.
    package func remove() {
        for path in Set(paths) {
            var triesLeft = ControlGroup.removalTriesMax
            while rmdir(path) != 0, errno == EBUSY, triesLeft > 0 {
                usleep(ControlGroup.removalPauseMicroseconds)
                triesLeft -= 1
            }
        }
    }

    /// Groups of servers that were killed are empty: the others cannot be removed.
    private static func removeLeftovers(in directory: String) {
        for name in KernelText.names(in: directory) {
            guard name.hasPrefix(prefix), let owner = Int32(name.dropFirst(prefix.count)),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            rmdir("\(directory)/\(name)")
        }
    }
}

extension ControlGroup.Refusal: CustomStringConvertible {
    /// A few words for a person.
    package var description: String {
        switch self {
        case .absent: "the kernel offers no control groups of memory and process ids here"
        case .notDelegated: "the server's control group was not delegated to it"
        case .shared: "other processes are in the server's control group"
        case .refused(let errno):
            unsafe "the kernel refused a control group (\(String(cString: strerror(errno))))"
        }
    }
}
