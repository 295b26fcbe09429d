internal import CSandbox
internal import Glibc

/// Where the server may make control groups.
enum ControlGroupPlace {
    /// Version 2: one directory, the server's own group.
    case unified(String)
    /// Version 1: the server's groups in the hierarchies of memory and of process ids.
    case separate(memory: String, processes: String)

    private static let controllers: [Substring] = ["memory", "pids"]

    /// Finds the server's own group; nil where the controllers are not there.
    init?(membership: String, root: String) {
        var paths: [Substring: Substring] = [:]
        for line in membership.split(separator: "\n") {
            let fields = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, !fields[2].contains("..") else { continue }
            for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[controller] = fields[2] == "/" ? "" : fields[2]
            }
        }
        if let path = paths[""], Self.hasControllers("\(root)\(path)") {
            self = .unified("\(root)\(path)")
        } else if let memory = paths["memory"], let processes = paths["pids"] {
            self = .separate(
                memory: "\(root)/memory\(memory)", processes: "\(root)/pids\(processes)")
        } else {
            return nil
        }
    }

    /// What the server and all its processes may have; nil where there is no limit.
    var memoryByteCountMax: Int? {
        let path =
            switch self {
            case .unified(let path): "\(path)/memory.max"
            case .separate(let memory, _): "\(memory)/memory.limit_in_bytes"
            }
        return KernelText.read(path)?.words.first.flatMap { Int($0) }
    }

    /// Makes ready for groups, and says in which directories they are to be made.
    func prepare() throws(ControlGroup.Refusal) -> [String] {
        switch self {
        case .separate(let memory, let processes): return [memory, processes]
        case .unified(let path): return [try Self.parent(of: path)]
        }
    }

    /// Writes bounds into groups that were made in ``prepare()``'s directories.
    func write(_ bounds: ControlGroup.Bounds, to paths: [String]) throws(ControlGroup.Refusal) {
        switch self {
        case .separate:
            try KernelText.write(
                "\(bounds.memoryByteCountMax)", to: "\(paths[0])/memory.limit_in_bytes")
            try KernelText.write("\(bounds.processCountMax)", to: "\(paths[1])/pids.max")
        case .unified:
            try KernelText.write("\(bounds.memoryByteCountMax)", to: "\(paths[0])/memory.max")
            try KernelText.write("\(bounds.processCountMax)", to: "\(paths[0])/pids.max")
            // Absent without swap.
            try? KernelText.write("0", to: "\(paths[0])/memory.swap.max")
        }
    }

    /// The delegated directory that the server is in, or is right below of, with the controllers
    /// handed on. Only a group without processes hands them on: the server moves out of its way.
    private static func parent(of path: String) throws(ControlGroup.Refusal) -> String {
        let above = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if isDelegated(above), hasControllers(above), handsOn(above) { return above }
        guard isDelegated(path) else { throw .notDelegated }
        if handsOn(path) { return path }
        let own = "\(path)/mcp-v8"
        guard KernelText.read("\(path)/cgroup.procs")?.split(separator: "\n") == ["\(getpid())"]
        else { throw .shared }
        guard mkdir(own, 0o755) == 0 || errno == EEXIST else { throw .refused(errno: errno) }
        do throws(ControlGroup.Refusal) {
            try KernelText.write("\(getpid())", to: "\(own)/cgroup.procs")
            try KernelText.write("+memory +pids", to: "\(path)/cgroup.subtree_control")
        } catch {
            try? KernelText.write("\(getpid())", to: "\(path)/cgroup.procs")
            rmdir(own)
            throw error
        }
        return path
    }

    private static func hasControllers(_ path: String) -> Bool {
        let offered = KernelText.read("\(path)/cgroup.controllers")?.words ?? []
        return controllers.allSatisfy { offered.contains($0) }
    }

    private static func handsOn(_ path: String) -> Bool {
        let handed = KernelText.read("\(path)/cgroup.subtree_control")?.words ?? []
        return controllers.allSatisfy { handed.contains($0) }
    }

    /// A user owns what was delegated to them; for root there is a mark.
    private static func isDelegated(_ path: String) -> Bool {
        guard unsafe access("\(path)/cgroup.procs", W_OK) == 0, access(path, W_OK) == 0 else {
            return false
        }
        if geteuid() != 0 { return true }
        return unsafe csandbox_is_marked_delegated(path) == 1
    }
}

extension String {
    fileprivate var words: [Substring] { split { $0.isWhitespace } }
}
