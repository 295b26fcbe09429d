internal import CSandbox
internal import Execution
internal import Glibc
internal import Heaps
internal import Logging
internal import MCP
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Transports
internal import UnixSignals
internal import WorkerProtocol

extension ServerCommand {
    /// Puts the parts together and serves until the client goes or a signal comes.
    func serve(_ settings: Settings) async throws {
        csandbox_keep_freed_memory()
        let logger = Logger(label: "mcp-v8")
        // One client is served by one thread: two would only hand its calls to each other.
        if case .stdio = settings.transport { NIOSingletons.groupLoopCountSuggestion = 1 }
        let executor = EventLoopExecutor(MultiThreadedEventLoopGroup.singleton)
        switch settings.transport {
        case .stdio:
            let streams = try StdioStreams.claim()
            let parts = try await makeParts(settings, executor, logger: logger)
            let transport = try StdioTransport(
                server: parts.server, streams: streams, limits: settings.stdioLimits,
                lending: EventLoopExecutor.lend)
            try await run(
                .init(
                    service: TransportLifetime(transport: transport),
                    successTerminationBehavior: .gracefullyShutdownGroup, serviceName: "stdio"),
                with: parts, on: executor, keeping: settings.retention, logger: logger)
        case .http(let http):
            let parts = try await makeParts(settings, executor, logger: logger)
            let service = try await HTTPService(
                http, parts: parts, logger: logger)
            try await run(
                .init(service: service, serviceName: "http"), with: parts, on: executor,
                keeping: settings.retention, logger: logger)
        }
    }

    private func run(
        _ transport: ServiceGroupConfiguration.ServiceConfiguration, with parts: ServerParts,
        on executor: EventLoopExecutor, keeping retention: RetentionPolicy, logger: Logger
    ) async throws {
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    // Named, as the log would show what they hold.
                    .init(
                        service: ExecutionLifetime(execution: parts.execution),
                        serviceName: "executions"),
                    .init(
                        service: GarbageCollection(
                            repository: parts.repository, policy: retention, logger: logger),
                        serviceName: "garbage collection"),
                    .init(
                        service: BaseHeapProvision(execution: parts.execution),
                        serviceName: "base heap"),
                    .init(
                        service: TemplateCheck(template: parts.template),
                        serviceName: "template check"),
                    .init(
                        service: parts.memoryLifetime(logger: logger), serviceName: "memory"),
                    .init(service: TaskLifetime(tasks: parts.server.tasks), serviceName: "tasks"),
                    transport,
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        // Ended with this function.
        async let _ = endAtSecondSignal()
        defer {
            // From here on nobody waits for signals, and they end the process at once.
            for number in [SIGTERM, SIGINT] { unsafe signal(number, SIG_DFL) }
            parts.memoryBound.controlGroup?.remove()
        }
        try await withTaskExecutorPreference(executor) { try await services.run() }
    }

    /// Ends the process where it was told to end and is told so again.
    private func endAtSecondSignal() async {
        var signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).makeAsyncIterator()
        guard await signals.next() != nil, await signals.next() != nil else { return }
        _exit(EXIT_FAILURE)
    }

    private func makeParts(
        _ settings: Settings, _ executor: EventLoopExecutor, logger: Logger
    ) async throws -> ServerParts {
        let metrics = ServerMetrics()
        let storage = try await makeStorage(settings, logger: logger)
        let repository = HeapRepository(
            storage: MeteredStorage(storage: storage, metrics: metrics),
            snapshotByteCountMax: settings.limits.snapshotByteCountMax,
            keys: settings.signingKeys, logger: logger)
        let timeline = Timeline()
        if settings.sandbox == .off { warnOfNoSandbox(logger) }
        let memoryBound = MemoryBound(settings.workerBounds)
        let controlGroup = memoryBound.controlGroup
        let template = settings.makeTemplate(
            timeline: timeline, controlGroup: controlGroup, logger: logger)
        // Who requires it is told before the first client is, not by its first run.
        if settings.sandbox == .required {
            do { _ = try await template.identity() } catch {
                controlGroup?.remove()
                throw error
            }
        }
        let execution = ExecutionService(
            repository: repository,
            source: makeSource(settings, template, timeline: timeline, controlGroup: controlGroup),
            limits: settings.limits,
            eventLoops: MultiThreadedEventLoopGroup.singleton, timeline: timeline, logger: logger,
            events: metrics.events)
        let deletedHeaps = DeletedHeaps(grace: settings.retention.grace)
        var tools = [
            RunJavaScript(service: execution, settings: settings, deletedHeaps: deletedHeaps) {
                metrics.note($0)
            }.tool
        ]
        if settings.storage != .stateless {
            tools +=
                HeapTools(
                    service: execution, repository: repository, deletedHeaps: deletedHeaps
                ).tools
            tools.append(InspectHeap(service: execution, settings: settings).tool)
        }
        let server = MCPServer(
            implementation: Implementation(
                name: "mcp-v8", title: "JavaScript (V8)", version: ServerCommand.version,
                description: "Runs JavaScript in V8 and keeps the heap between runs."),
            instructions: settings.instructions, tools: tools, executor: executor, logger: logger)
        return ServerParts(
            storage: storage, repository: repository, template: template, execution: execution,
            server: server, metrics: metrics, memoryBound: memoryBound,
            workerBounds: settings.workerBounds)
    }

    /// Whatever the level of other messages: whoever starts a server so should see it each time.
    private func warnOfNoSandbox(_ logger: Logger) {
        var logger = logger
        logger.logLevel = min(logger.logLevel, .warning)
        logger.warning(
            """
            --sandbox off: nothing confines scripts, which can do what this user can do where V8 \
            has a defect
            """)
    }

    /// The engine that heaps would run on here; it is started to find out.
    func engine(_ settings: Settings) async throws -> EngineIdentity {
        let template = settings.makeTemplate(
            timeline: Timeline(), logger: Logger(label: "mcp-v8"))
        let identity: Result<EngineIdentity, any Error>
        do { identity = .success(try await template.identity()) } catch {
            identity = .failure(error)
        }
        await template.close()
        return try identity.get()
    }

    /// Where workers come from; `template` where they are forked from one.
    private func makeSource(
        _ settings: Settings, _ template: WorkerTemplate, timeline: Timeline,
        controlGroup: ControlGroup?
    ) -> any WorkerSource {
        guard settings.workers == .separate else { return template }
        // The template that all share says once what there is to say of each.
        var quiet = Logger(label: "mcp-v8")
        quiet.logLevel = .error
        return SeparateWorkers { [quiet] in
            settings.makeTemplate(timeline: timeline, controlGroup: controlGroup, logger: quiet)
        }
    }

    func makeStorage(
        _ settings: Settings, logger: Logger
    ) async throws(HeapError) -> AnyHeapStorage {
        switch settings.storage {
        case .files(let path): .files(try await FileHeapStorage(directoryPath: path))
        case .s3(let place): try await place.open(.run, logger: logger)
        case .inMemory:
            .inMemory(
                InMemoryHeapStorage(
                    byteCountMax: MemoryBound.machineByteCount / 4, logger: logger))
        case .stateless: .inMemory(InMemoryHeapStorage(byteCountMax: 0, logger: logger))
        }
    }
}

/// What every transport serves.
struct ServerParts: Sendable {
    let storage: AnyHeapStorage
    let repository: HeapRepository
    let template: WorkerTemplate
    let execution: ExecutionService
    let server: MCPServer
    let metrics: ServerMetrics
    let memoryBound: MemoryBound
    let workerBounds: ControlGroup.Bounds

    /// What watches over the workers' memory.
    fileprivate func memoryLifetime(logger: Logger) -> MemoryLifetime {
        MemoryLifetime(
            bound: memoryBound, execution: execution,
            byteCountMax: workerBounds.memoryByteCountMax, logger: logger)
    }
}

/// Watches over the workers' memory until the server ends.
private struct MemoryLifetime: Service {
    let bound: MemoryBound
    let execution: ExecutionService
    let byteCountMax: Int
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // It reads files of the kernel's, which is not for event loops.
            await withTaskExecutorPreference(globalConcurrentExecutor) {
                await bound.run(
                    over: execution, byteCountMax: byteCountMax, timeline: Timeline(),
                    logger: logger)
            }
        }
        // A service that returns ends the server.
        try? await gracefulShutdown()
    }
}

/// Ends a server whose first template tells that it cannot work here: none of its runs could.
private struct TemplateCheck: Service {
    let template: WorkerTemplate

    func run() async throws {
        do throws(ExecutionError) { _ = try await template.identity() } catch {
            switch error {
            case .workerMissing, .engineMissing, .systemIncomplete, .protocolMismatch,
                .templateRefused, .controlGroup:
                throw error
            // Perhaps the next one is ready in time.
            case .templateNotReady, .templateEnded, .system, .closed: break
            }
        }
        // A service that returns ends the server.
        try? await gracefulShutdown()
    }
}

/// Makes the heap that others are packed behind, when the first is stored.
private struct BaseHeapProvision: Service {
    let execution: ExecutionService

    func run() async throws {
        await untilGracefulShutdown { await execution.provideBaseHeap() }
    }
}

/// Keeps workers until the server ends.
private struct ExecutionLifetime: Service {
    let execution: ExecutionService

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await execution.run() }
            // The transport has ended by now: the group ends its services last to first.
            try? await gracefulShutdown()
            await execution.shutdown()
        }
    }
}

/// Does the work of tasks until the server ends.
private struct TaskLifetime: Service {
    let tasks: TaskStore

    func run() async throws {
        await cancelWhenGracefulShutdown { await tasks.run() }
    }
}

/// Serves a client until it goes or the server is told to end.
private struct TransportLifetime: Service {
    let transport: StdioTransport

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await transport.run() }
    }
}

extension Settings {
    /// What a model reads before it sees the tool.
    fileprivate var instructions: String {
        let kept =
            switch storage {
            case .inMemory: "Heaps live as long as this server."
            case .files: "Heaps are kept in files and are there after a restart."
            case .s3: "Heaps are kept in S3 and are there after a restart."
            case .stateless: "Nothing is kept between calls."
            }
        return storage == .stateless
            ? "run_js runs JavaScript in V8. \(kept)"
            : """
            run_js runs JavaScript in V8. Give `heap` a name of your choice to find in the next \
            call what the code left behind; a name that is new makes a new heap. \(kept) Runs on \
            one heap come one after the other. A call that fails changes nothing, unless on_error \
            is "keep".
            """
    }
}

extension Settings {
    /// What was asked for is answered after the end of input too: a call ends at its deadline, or
    /// somewhat later where it waits for storage.
    fileprivate var stdioLimits: StdioLimits {
        StdioLimits(answering: limits.timeoutMax + .seconds(30))
    }

    /// The template that these settings ask for; nothing is started yet.
    func makeTemplate(
        timeline: Timeline, controlGroup: ControlGroup? = nil, logger: Logger
    ) -> WorkerTemplate {
        let launch = TemplateLaunch(
            programs: .ofThisProgram(),
            heapByteCountMax: limits.heapByteCountMax, mode: mode, sandbox: sandbox,
            timeZone: script.timeZone, hasManyWorkers: workers == .forked,
            controlGroup: controlGroup)
        return WorkerTemplate(
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), timeline: timeline,
            logger: logger
        ) { () throws(ExecutionError) in try launch.launch() }
    }
}
