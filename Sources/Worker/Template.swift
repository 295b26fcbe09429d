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

    private let isolates: OpenIsolates
    private let mode: EngineIdentity.Mode
    private let confinement: Confinement
    private let report: SandboxReport
    private let forking: Confinement.Forking
    private let childSignal: Int32
    /// How much code lies in huge pages.
    private let codeByteCount: Int

    /// Confines this process, for good.
    init(
        baseHeap: Snapshot, mode: EngineIdentity.Mode, copies: OpaquePointer?,
        confinement: Confinement
    ) throws(WorkerError) {
        isolates = try OpenIsolates(baseHeap: baseHeap)
        Engine.beginForking()
        codeByteCount = unsafe csandbox_begin_forking(copies)
        // A thread that was not forked along may hold a lock that the child then waits for.
        let threadCount = csandbox_thread_count()
        guard threadCount >= 0 else { throw .system("/proc/self/task", errno: -threadCount) }
        guard threadCount == 1 else { throw .system("fork with threads", errno: 0) }
        self.mode = mode
        var confinement = confinement
        // All that a worker begins with is here by now.
        confinement.limits.mappedByteCount = UInt64(max(0, csandbox_address_byte_count()))
        self.confinement = confinement
        do throws(SandboxError) { report = try confinement.confineTemplate() } catch {
            throw .sandbox(error)
        }
        // A fork outlives the worker that made it, if only for a moment: it must not outlive the
        // server. The end of the process namespace is what sees to that.
        let isHeld = report.entries.contains(SandboxReport.Entry(.processNamespace, .on))
        forking = mode == .jit && isHeld ? .snapshots : .none
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
                identity: Engine.identity(mode: mode), codeByteCount: UInt64(codeByteCount)))
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
            try send(.started(workerID: workerID, processID: process))
        case .kill(let workerID):
            workers.kill(workerID)
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
            descriptors: descriptors, parent: parent, isolates: isolates,
            confinement: confinement, forking: forking)
    }

    private func reap(_ workers: inout WorkerTable) throws(WorkerError) {
        csandbox_child_signal_clear(childSignal)
        while true {
            var status: Int32 = 0
            let process = unsafe waitpid(-1, &status, WNOHANG)
            guard process > 0 else { return }
            // The only other child is the first process of the workers' namespace: without it the
            // kernel refuses every fork.
            guard let workerID = workers.noteEnd(of: process) else { throw .namespaceEnded }
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

/// Which process each worker is, or was: what it forked is in the group of that number.
private struct WorkerTable {
    private struct Entry {
        let process: pid_t
        var isReaped = false
        var isKilled = false
    }

    private var entries: [UInt32: Entry] = [:]
    private var workerIDs: [pid_t: UInt32] = [:]

    mutating func insert(_ workerID: UInt32, process: pid_t) {
        // A number that is used again is that of a group in which nobody is left.
        if let former = workerIDs[process] { entries[former] = nil }
        entries[workerID] = Entry(process: process)
        workerIDs[process] = workerID
    }

    /// Notes that a process was reaped; its worker, if it was one.
    mutating func noteEnd(of process: pid_t) -> UInt32? {
        guard let workerID = workerIDs[process], entries[workerID]?.isReaped == false else {
            return nil
        }
        entries[workerID]?.isReaped = true
        // Of most nobody is left: then the number is free, and may soon be that of others.
        let isEmpty = Glibc.kill(-process, 0) != 0 && errno == ESRCH
        if isEmpty || entries[workerID]?.isKilled == true { forget(workerID) }
        return workerID
    }

    /// Ends a worker and its forks; one that was reaped is forgotten.
    mutating func kill(_ workerID: UInt32) {
        guard let entry = entries[workerID] else { return }
        _ = csandbox_kill_group(entry.process)
        if entry.isReaped { return forget(workerID) }
        // It may not lead its group yet.
        Glibc.kill(entry.process, SIGKILL)
        entries[workerID]?.isKilled = true
    }

    private mutating func forget(_ workerID: UInt32) {
        guard let entry = entries.removeValue(forKey: workerID) else { return }
        workerIDs[entry.process] = nil
    }

    /// Kills and reaps all that are left.
    mutating func end() {
        for entry in entries.values {
            _ = csandbox_kill_group(entry.process)
            if !entry.isReaped { Glibc.kill(entry.process, SIGKILL) }
        }
        for entry in entries.values where !entry.isReaped {
            while waitpid(entry.process, nil, 0) < 0 && errno == EINTR {}
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
