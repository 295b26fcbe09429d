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

    /// When a template is replaced: its workers share the addresses of everything in memory, so
    /// that who learns them in one knows them in all.
    package struct Renewal: Hashable, Sendable {
        /// The most workers that one template forks.
        package var startCount = 10_000
        /// The longest that one template forks workers.
        package var age: Duration = .seconds(3600)

        /// Makes the default rule.
        package init() {}
    }

    /// One that forks, and those that wait for their last workers.
    private static let templateCountMax = 3
    /// A template that lived this long did not die of what killed the ones before it.
    private static let soundLife: Duration = .seconds(30)
    private static let pauseMax: Duration = .seconds(5)
    private static let readyTimeoutMilliseconds: Int32 = 10_000

    private let launch: @Sendable () throws(ExecutionError) -> LaunchedTemplate
    private let eventLoop: any EventLoop
    /// One for each template that lives: its reader.
    private let threads = NIOThreadPool(numberOfThreads: WorkerTemplate.templateCountMax)
    private let renewal: Renewal
    private let timeline: Timeline
    private let logger: Logger
    private var state = State.absent
    /// Those that a new one has taken the place of, while their workers live.
    private var retiring: [TemplateSession] = []
    /// Starts the next one beside the one that forks.
    private var renewing: Task<Void, Never>?
    private var renewsAfter: Duration = .zero
    private var deathsInARow = 0
    private var restsUntil: Duration = .zero

    /// Makes a template that is started by `launch` at the first need.
    package init(
        eventLoop: any EventLoop, timeline: Timeline, renewal: Renewal = Renewal(),
        logger: Logger,
        launch: @escaping @Sendable () throws(ExecutionError) -> LaunchedTemplate
    ) {
        self.eventLoop = eventLoop
        self.timeline = timeline
        self.logger = logger
        self.launch = launch
        self.renewal = renewal
        threads.start()
    }

    /// How many template processes were started.
    package private(set) var startCount = 0

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

    /// Which layers confine its workers, empty for none; starts it where none runs.
    package func confinement() async throws(ExecutionError) -> SandboxReport {
        try await session().sandbox
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
        for session in retiring { session.close() }
        do { try await threads.shutdownGracefully() } catch {
            logger.warning("Template thread did not end", metadata: ["error": "\(error)"])
        }
        // Its thread has ended, and what it started is closed at once.
        await renewing?.value
    }

    private func session() async throws(ExecutionError) -> TemplateSession {
        while true {
            switch state {
            case .closed: throw .closed
            case .running(let session, let since):
                if session.isRunning {
                    if isDue(session, since: since) { renew() }
                    return session
                }
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
        let started = threads.runIfActive(eventLoop: eventLoop) { [launch] in
            try TemplateSession(
                launch(), readyTimeoutMilliseconds: WorkerTemplate.readyTimeoutMilliseconds)
        }
        // A thread then reads for as long as the template lives.
        started.whenSuccess { [threads] session in
            threads.submit { status in
                if case .cancelled = status { session.close() }
                session.serve()
            }
        }
        return started
    }

    /// Whether a template has forked for long enough, and there is room for one more.
    private func isDue(_ session: TemplateSession, since: Duration) -> Bool {
        guard renewing == nil, timeline.now >= renewsAfter,
            session.startCount >= renewal.startCount || timeline.now - since >= renewal.age
        else { return false }
        retiring.removeAll { !$0.isAlive }
        return retiring.count < WorkerTemplate.templateCountMax - 1
    }

    /// Starts a template beside the one that runs, which forks until the other one is ready.
    private func renew() {
        let started = startProcess()
        renewing = Task {
            do { take(try await started.get()) } catch {
                logger.warning("Template not renewed", metadata: ["error": "\(error)"])
                renewsAfter = timeline.now + WorkerTemplate.soundLife
            }
            renewing = nil
        }
    }

    private func take(_ session: TemplateSession) {
        guard case .running(let former, _) = state else { return session.close() }
        state = .running(session, since: timeline.now)
        retiring.append(former)
        former.retire()
        logger.info("Template renewed", metadata: ["engine": "\(session.identity)"])
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
