package import NIOCore
package import WorkerProtocol

/// Where workers come from: a template process, or the other side of a test.
package protocol WorkerSource: Sendable {
    /// Starts a worker that is born with these descriptors; the caller may close its own
    /// afterwards.
    ///
    /// - Parameter eventLoop: where the worker's end is announced.
    func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) async throws(ExecutionError) -> WorkerHandle

    /// Ends every worker and starts no more.
    func close() async
}

/// The descriptors that a worker is born with, still owned by the caller; see ``WorkerDescriptor``.
package struct BirthDescriptors: Sendable {
    /// The worker's end of its channel.
    package var channel: Int32
    /// The memory through which snapshots pass.
    package var exchange: Int32
    /// The worker's standard error.
    package var diagnostics: Int32
}

/// What can be done with a worker process beside talking to it.
package struct WorkerHandle: Sendable {
    /// What the worker's snapshots are tied to.
    package var engine: EngineIdentity
    /// How much code it shares with all other workers, in bytes, that the kernel counts as its own.
    package var codeByteCount: Int
    /// The number of its process, once it is known.
    package var processID: @Sendable () -> Int32?
    /// Whether it should not be kept for longer than it is needed.
    package var isOutdated: @Sendable () -> Bool
    /// Ends the process with `SIGKILL`; harmless when it is gone.
    package var kill: @Sendable () -> Void
    /// How the process ended, once it was reaped; nil where nobody can tell.
    package var exit: EventLoopFuture<WorkerExit?>

    /// Makes a handle.
    package init(
        engine: EngineIdentity, codeByteCount: Int = 0,
        processID: @escaping @Sendable () -> Int32? = { nil },
        isOutdated: @escaping @Sendable () -> Bool = { false },
        kill: @escaping @Sendable () -> Void, exit: EventLoopFuture<WorkerExit?>
    ) {
        self.codeByteCount = codeByteCount
        self.processID = processID
        self.isOutdated = isOutdated
        self.engine = engine
        self.kill = kill
        self.exit = exit
    }
}
