import CSandbox
import Glibc
import Sandbox
import V8
import WorkerProtocol

/// The process that workers are forked from: V8 started, base heap made, no thread but this one and
/// no user's state.
struct Template {
    /// The control socket, as the server hands it over.
    private static let control: Int32 = 3

    private let baseHeap: Snapshot
    private let mode: EngineIdentity.Mode
    private let confinement: Confinement
    private let report: SandboxReport
    private let childSignal: Int32

    /// Confines this process, for good.
    init(
        baseHeap: Snapshot, mode: EngineIdentity.Mode, confinement: Confinement
    ) throws(WorkerError) {
        // A thread that was not forked along may hold a lock that the child then waits for.
        guard csandbox_thread_count() == 1 else { throw .system("fork with threads", errno: 0) }
        self.baseHeap = baseHeap
        self.mode = mode
        self.confinement = confinement
        do throws(SandboxError) { report = try confinement.confineTemplate() } catch {
            throw .sandbox(error)
        }
        childSignal = csandbox_child_signal()
        guard childSignal >= 0 else { throw .system("signalfd", errno: -childSignal) }
    }

    /// Forks, kills and reaps workers until the server is gone.
    func run() throws(WorkerError) {
        var workers = WorkerTable()
        // Whoever inherits them may be slow to reap, or may never do it.
        defer { workers.end() }
        try send(.confined(report))
        try send(
            .ready(
                protocolVersion: TemplateMessage.protocolVersion,
                identity: Engine.identity(mode: mode)))
        while true {
            var watched = [
                pollfd(fd: Template.control, events: Int16(POLLIN), revents: 0),
                pollfd(fd: childSignal, events: Int16(POLLIN), revents: 0),
            ]
            let count = nfds_t(watched.count)
            guard unsafe poll(&watched, count, -1) > 0 else { continue }
            if watched[1].revents != 0 { try reap(&workers) }
            if watched[0].revents != 0 {
                guard let (message, descriptors) = try receive() else { return }
                try handle(message, descriptors, &workers)
            }
        }
    }

    private func handle(
        _ message: TemplateMessage, _ descriptors: [Int32], _ workers: inout WorkerTable
    ) throws(WorkerError) {
        defer { descriptors.forEach { close($0) } }
        switch message {
        case .start(let workerID) where descriptors.count == WorkerDescriptor.allCases.count:
            guard let process = startWorker(descriptors) else {
                // The kernel has no process to give now; the workers there are go on.
                let status = WorkerExit.exited(code: WorkerExit.notStartedCode)
                return try send(.ended(workerID: workerID, status: status))
            }
            workers.insert(workerID, process: process)
        case .kill(let workerID):
            // Not yet reaped, so the process id is still this worker's.
            if let process = workers.process(of: workerID) { kill(process, SIGKILL) }
        default:
            throw .wire(.unknownTag(0, in: "message to the template"))
        }
    }

    /// Forks a worker; nil where the kernel refuses.
    private func startWorker(_ descriptors: [Int32]) -> pid_t? {
        let parent = getpid()
        let child = csandbox_fork()
        guard child >= 0 else {
            complain("mcp-v8-worker: a worker could not be forked (errno \(-child))\n")
            return nil
        }
        guard child == 0 else { return child }
        HeapProcess.run(
            descriptors: descriptors, parent: parent, baseHeap: baseHeap,
            confinement: confinement)
    }

    private func reap(_ workers: inout WorkerTable) throws(WorkerError) {
        csandbox_child_signal_clear(childSignal)
        while true {
            var status: Int32 = 0
            let process = unsafe waitpid(-1, &status, WNOHANG)
            guard process > 0 else { return }
            // The only other child is the first process of the workers' namespace: without it the
            // kernel refuses every fork.
            guard let workerID = workers.remove(process: process) else { throw .namespaceEnded }
            try send(.ended(workerID: workerID, status: WorkerExit(waitStatus: status)))
        }
    }

    private func send(_ message: TemplateMessage) throws(WorkerError) {
        let bytes = message.encoded()
        let sent = unsafe csandbox_send(Template.control, bytes, bytes.count, nil, 0)
        guard sent == bytes.count else { throw .serverGone }
    }

    private func receive() throws(WorkerError) -> (TemplateMessage, [Int32])? {
        var bytes = [UInt8](repeating: 0, count: TemplateMessage.byteCountMax)
        var descriptors = [Int32](repeating: -1, count: WorkerDescriptor.allCases.count)
        var descriptorCount = 0
        let received = unsafe csandbox_receive(
            Template.control, &bytes, bytes.count, &descriptors, descriptors.count,
            &descriptorCount)
        guard received > 0 else { return nil }
        do throws(WireError) {
            let message = try TemplateMessage(Array(bytes[..<received]))
            return (message, Array(descriptors[..<descriptorCount]))
        } catch {
            throw .wire(error)
        }
    }
}

/// Which process each living worker is.
private struct WorkerTable {
    private var processes: [UInt32: pid_t] = [:]
    private var workerIDs: [pid_t: UInt32] = [:]

    mutating func insert(_ workerID: UInt32, process: pid_t) {
        processes[workerID] = process
        workerIDs[process] = workerID
    }

    mutating func remove(process: pid_t) -> UInt32? {
        guard let workerID = workerIDs.removeValue(forKey: process) else { return nil }
        processes[workerID] = nil
        return workerID
    }

    func process(of workerID: UInt32) -> pid_t? { processes[workerID] }

    /// Kills and reaps all that are left.
    mutating func end() {
        for process in workerIDs.keys { kill(process, SIGKILL) }
        for process in workerIDs.keys {
            while waitpid(process, nil, 0) < 0 && errno == EINTR {}
        }
        self = WorkerTable()
    }
}

extension WorkerExit {
    /// Reads what `waitpid` tells; its macros do not reach Swift.
    fileprivate init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(code: (waitStatus >> 8) & 0xff) : .signalled(signal)
    }
}

/// The same as the global function, which a member of `Template` has the name of.
private func complain(_ text: String) { report(text) }
