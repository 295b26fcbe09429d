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
    /// Puts the parts together and serves one client until it goes or a signal comes.
    func serve(_ settings: Settings) async throws {
        let logger = Logger(label: "mcp-v8")
        let streams = try StdioStreams.claim()
        let repository = HeapRepository(
            storage: try await makeStorage(settings, logger: logger),
            snapshotByteCountMax: settings.limits.snapshotByteCountMax, logger: logger)
        let execution = try await makeExecution(settings, repository, logger: logger)
        var tools = [RunJavaScript(service: execution, settings: settings).tool]
        if settings.storage != .stateless {
            tools += HeapTools(service: execution, repository: repository).tools
        }
        let server = MCPServer(
            implementation: Implementation(
                name: "mcp-v8", title: "JavaScript (V8)", version: ServerCommand.version,
                description: "Runs JavaScript in V8 and keeps the heap between runs."),
            instructions: settings.instructions,
            tools: tools, logger: logger)
        let transport = try StdioTransport(server: server, streams: streams)
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: ExecutionLifetime(execution: execution)),
                    .init(
                        service: GarbageCollection(
                            repository: repository, policy: settings.retention, logger: logger)),
                    .init(
                        service: TransportLifetime(transport: transport),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await services.run()
    }

    private func makeExecution(
        _ settings: Settings, _ repository: HeapRepository, logger: Logger
    ) async throws -> ExecutionService {
        let limits = settings.limits
        let eventLoops = MultiThreadedEventLoopGroup.singleton
        let timeline = Timeline()
        let launch = TemplateLaunch(
            path: TemplateLaunch.pathBesideThisProgram(),
            heapByteCountMax: limits.heapByteCountMax, mode: settings.mode,
            sandbox: settings.sandbox)
        let template = WorkerTemplate(
            eventLoop: eventLoops.next(), timeline: timeline, logger: logger
        ) { () throws(ExecutionError) in try launch.launch() }
        // Who requires it is told before the first client is, not by its first run.
        if settings.sandbox == .required { _ = try await template.identity() }
        return ExecutionService(
            repository: repository, source: template, limits: limits, eventLoops: eventLoops,
            timeline: timeline, logger: logger)
    }

    private func makeStorage(
        _ settings: Settings, logger: Logger
    ) async throws(HeapError) -> AnyHeapStorage {
        switch settings.storage {
        case .files(let path): .files(try await FileHeapStorage(directoryPath: path))
        case .inMemory:
            .inMemory(InMemoryHeapStorage(byteCountMax: memoryByteCount / 4, logger: logger))
        case .stateless: .inMemory(InMemoryHeapStorage(byteCountMax: 0, logger: logger))
        }
    }

    private var memoryByteCount: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
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
