internal import CSandbox
internal import Glibc

/// The ends of the pipes to a server that are ours.
struct ServerStreams: ~Copyable, Sendable {
    let input: Descriptor
    let output: Descriptor
    let complaints: Descriptor
}

/// A server's process: the leader of a session and group of its own, which has no terminal and none
/// of our descriptors.
final class ServerProcess: Sendable {
    let identifier: pid_t
    /// Becomes readable when the process has ended; nil where the kernel has no such thing.
    let end: Int32?

    private init(identifier: pid_t) {
        self.identifier = identifier
        let end = csandbox_process_descriptor(identifier)
        self.end = end >= 0 ? end : nil
    }

    deinit { if let end { close(end) } }

    /// A process that was started, and the pipes to it.
    struct Started: ~Copyable {
        let process: ServerProcess
        let streams: ServerStreams
    }

    /// Starts a process.
    ///
    /// - Throws: ``UpstreamError/Kind/unavailable``.
    static func start(_ command: ServerCommand) throws(UpstreamError) -> Started {
        // A server that goes away while it is written to would end us.
        signal(SIGPIPE, SIG_IGN)
        let environment = command.fullEnvironment(ServerCommand.ownVariable)
        let path = try command.programPath(
            searching: environment["PATH"] ?? "", isProgram: ServerCommand.isProgram)
        var words = unsafe ([path] + command.arguments).map { unsafe strdup($0) } + [nil]
        var variables =
            unsafe environment.sorted { $0.key < $1.key }
            .map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            unsafe words.forEach { unsafe free($0) }
            unsafe variables.forEach { unsafe free($0) }
        }
        var streams: [Int32] = [-1, -1, -1]
        let identifier = unsafe csandbox_spawn_server(
            path, &words, &variables, command.workingDirectory, &streams)
        guard identifier > 0 else {
            let place = command.workingDirectory.map { " in \($0)" } ?? ""
            throw UpstreamError(
                .unavailable,
                "\(path) could not be started\(place): \(systemReason(-identifier))", .notSent)
        }
        return Started(
            process: ServerProcess(identifier: identifier),
            streams: ServerStreams(
                input: Descriptor(adopting: streams[0]), output: Descriptor(adopting: streams[1]),
                complaints: Descriptor(adopting: streams[2])))
    }

    /// Sends a signal to the process and all that it has started.
    func signalGroup(_ signal: Int32) { kill(-identifier, signal) }

    /// Ends what is left of the group and reaps the process, whose number is its own until then.
    func reap() -> String {
        signalGroup(SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0 {
            if errno != EINTR { return "it ended" }
        }
        let signal = status & 0x7f
        return signal == 0
            ? "it ended with exit code \((status >> 8) & 0xff)" : "it was ended by signal \(signal)"
    }
}
