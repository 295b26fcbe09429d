import CSandbox
internal import Glibc
package import WorkerProtocol

/// A template worker that was just started: its control socket and, where it is ours to reap, its
/// process.
package struct LaunchedTemplate: ~Copyable, Sendable {
    /// The server's end of the control socket.
    package let control: OwnedDescriptor
    /// The process to end and to reap; nil if it is somebody else's.
    package let processID: Int32?

    /// Takes over a control socket and the process behind it.
    package init(control: consuming OwnedDescriptor, processID: Int32?) {
        self.control = control
        self.processID = processID
    }
}

/// How the template worker is started.
package struct TemplateLaunch: Sendable {
    private let programs: WorkerPrograms
    private let arguments: [String]
    private let controlGroup: ControlGroup?

    /// Describes a start; nothing happens yet.
    ///
    /// - Parameters:
    ///   - hasManyWorkers: whether it is worth 50 MiB that workers are forked from it more quickly.
    ///   - controlGroup: what it and its workers are to be in.
    package init(
        programs: WorkerPrograms, heapByteCountMax: Int, mode: EngineIdentity.Mode,
        sandbox: SandboxLevel = .on, timeZone: String = "UTC", hasManyWorkers: Bool = true,
        controlGroup: ControlGroup? = nil
    ) {
        self.programs = programs
        self.controlGroup = controlGroup
        arguments = [
            "--heap-byte-count-max", "\(heapByteCountMax)", "--mode", "\(mode)",
            "--sandbox", sandbox.rawValue, "--time-zone", timeZone,
            "--pages", hasManyWorkers ? "huge" : "small",
        ]
    }

    /// What every Linux has and cannot be read here: what the kernel tells of processes, or what
    /// workers have for standard streams.
    package static var missingPlace: String? {
        ["/proc/self/cmdline", "/dev/null"].first { unsafe access($0, R_OK) != 0 }
    }

    /// Starts the programs with one end of a new control socket.
    package func launch() throws(ExecutionError) -> LaunchedTemplate {
        if let missing = TemplateLaunch.missingPlace { throw .systemIncomplete(missing) }
        if let missing = programs.missing { throw missing }
        let sockets = try SocketPair(.datagram)
        let (path, folder, words) = programs.command(arguments: arguments)
        var copies = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe copies.forEach { unsafe free($0) } }
        let result = unsafe csandbox_spawn(path, &copies, folder, sockets.peer.number)
        guard result > 0 else { throw .system(call: "posix_spawn", code: -result) }
        do throws(ControlGroup.Refusal) { try controlGroup?.add(result) } catch {
            kill(result, SIGKILL)
            while waitpid(result, nil, 0) < 0 && errno == EINTR {}
            throw .controlGroup(error)
        }
        return LaunchedTemplate(control: sockets.server, processID: result)
    }
}
