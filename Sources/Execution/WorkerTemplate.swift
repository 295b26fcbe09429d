internal import NIOPosix
package import Logging
package import NIOCore
package import WorkerProtocol

/// The template process that workers are forked from: started when it is needed, started again when
/// it died.
package actor WorkerTemplate: WorkerSource {
    private enum State {
        /// None runs. Next: `starting`, `closed`.
        case absent
        /// Its first message is awaited. Next: `running`, `absent`, `closed`.
        case starting(EventLoopFuture<TemplateSession>)
        /// Next: `absent`, `closed`.
        case running(TemplateSession, since: Duration)
        /// Terminal.
        case closed
    }

    /// A template that lived this long did not die of what killed the ones before it.
    private static let soundLife: Duration = .seconds(30)
    private static let pauseMax: Duration = .seconds(5)
    private static let readyTimeoutMilliseconds: Int32 = 10_000

    private let launch: @Sendable () throws(ExecutionError) -> LaunchedTemplate
    private let eventLoop: any EventLoop
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let timeline: Timeline
    private let logger: Logger
    private var state = State.absent
    private var deathsInARow = 0
    private var restsUntil: Duration = .zero

    /// Makes a template that is started by `launch` at the first need.
    package init(
        eventLoop: any EventLoop, timeline: Timeline, logger: Logger,
        launch: @escaping @Sendable () throws(ExecutionError) -> LaunchedTemplate
    ) {
        self.eventLoop = eventLoop
        self.timeline = timeline
        self.logger = logger
        self.launch = launch
        thread.start()
    }

    /// How many template processes were started.
    package private(set) var startCount = 0

    /// What confines the workers of the template that runs; nil where none runs.
    package var sandbox: SandboxReport? {
        if case .running(let session, _) = state, session.isRunning { session.sandbox } else { nil }
    }

    /// Whether a template process runs.
    package var isRunning: Bool {
        if case .running(let session, _) = state { session.isRunning } else { false }
    }

    /// The template's process; nil where none runs.
    package var processID: Int32? {
        if case .running(let session, _) = state { session.processID } else { nil }
    }

    /// What the snapshots of its workers are tied to; starts it where none runs.
    package func identity() async throws(ExecutionError) -> EngineIdentity {
        try await session().identity
    }

    /// Starts a worker, and the template first where none runs.
    package func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) async throws(ExecutionError) -> WorkerHandle {
        do throws(ExecutionError) {
            return try await session().start(descriptors, on: eventLoop)
        } catch .templateEnded {
            // It died since its last worker; the next one has not.
            return try await session().start(descriptors, on: eventLoop)
        }
    }

    /// Ends the template and its workers.
    package func close() async {
        let last = state
        state = .closed
        switch last {
        case .running(let session, _): session.close()
        case .starting(let future): future.whenSuccess { $0.close() }
        case .absent, .closed: break
        }
        do { try await thread.shutdownGracefully() } catch {
            logger.warning("Template thread did not end", metadata: ["error": "\(error)"])
        }
    }

    private func session() async throws(ExecutionError) -> TemplateSession {
        while true {
            switch state {
            case .closed: throw .closed
            case .running(let session, let since):
                if session.isRunning { return session }
                noteDeath(after: timeline.now - since)
            case .starting(let future):
                try await finishStart(future)
            case .absent:
                if timeline.now < restsUntil {
                    do { try await timeline.sleep(until: restsUntil) } catch { throw .closed }
                } else {
                    state = .starting(startProcess())
                }
            }
        }
    }

    private func startProcess() -> EventLoopFuture<TemplateSession> {
        startCount += 1
        let started = thread.runIfActive(eventLoop: eventLoop) { [launch] in
            try TemplateSession(
                launch(), readyTimeoutMilliseconds: WorkerTemplate.readyTimeoutMilliseconds)
        }
        // The same thread then reads for as long as the template lives, so that a next start waits
        // for its end.
        started.whenSuccess { [thread] session in
            thread.submit { status in
                if case .cancelled = status { session.close() }
                session.serve()
            }
        }
        return started
    }

    private func finishStart(
        _ future: EventLoopFuture<TemplateSession>
    ) async throws(ExecutionError) {
        let result: Result<TemplateSession, any Error>
        do { result = .success(try await future.get()) } catch { result = .failure(error) }
        // Several callers wait for one start; the first to come back here settles it.
        let isFirst = if case .starting(let current) = state { current === future } else { false }
        switch result {
        case .success(let session):
            guard isFirst else { return }
            logger.info("Template ready", metadata: ["engine": "\(session.identity)"])
            log(session.sandbox)
            state = .running(session, since: timeline.now)
        case .failure(let error):
            if isFirst { noteDeath(after: .zero) }
            throw error as? ExecutionError ?? .closed
        }
    }

    private func log(_ sandbox: SandboxReport) {
        guard !sandbox.entries.isEmpty else {
            return logger.warning("Workers are not confined by the kernel")
        }
        for entry in sandbox.entries {
            let isMissing = sandbox.missing.contains(entry)
            logger.log(
                level: isMissing ? .warning : .info,
                isMissing ? "Sandbox layer missing" : "Sandbox layer",
                metadata: ["layer": "\(entry)"])
        }
    }

    /// The second death in a row and the ones after it are followed by a pause that doubles.
    private func noteDeath(after life: Duration) {
        deathsInARow = life < WorkerTemplate.soundLife ? deathsInARow + 1 : 1
        let doublings = min(deathsInARow - 2, 10)
        let pause = doublings < 0 ? .zero : Duration.milliseconds(100 << doublings)
        restsUntil = timeline.now + min(pause, WorkerTemplate.pauseMax)
        state = .absent
        logger.error(
            "Template ended", metadata: ["life": "\(life)", "deaths.in.a.row": "\(deathsInARow)"])
    }
}
