internal import Execution
internal import Glibc
internal import HTTPTransports
internal import Heaps
internal import Logging
internal import MCP
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import WorkerProtocol

/// Serves HTTP clients until the server is told to end, and then as long as it takes to answer.
struct HTTPService: Service {
    /// How long answers may take to be written when all executions have ended.
    private static let flushing = Duration.seconds(1)

    private let transports: [HTTPTransport]
    private let files: WatchedFiles
    private let execution: ExecutionService
    private let logger: Logger

    /// Prepares to serve.
    ///
    /// - Throws: ``SettingsError`` if a file that the settings name cannot be used.
    init(_ settings: HTTPSettings, parts: ServerParts, logger: Logger) async throws {
        execution = parts.execution
        self.logger = logger
        let access = try await HTTPAccess(settings, limits: settings.limits, logger: logger)
        files = access.files
        HTTPService.warn(settings, logger)
        let probes = HTTPService.probes(parts, access.admission)
        transports = settings.listeners.map { listener in
            HTTPTransport(
                server: parts.server,
                configuration: HTTPConfiguration(
                    host: settings.host, port: listener.port, endpoints: listener.endpoints,
                    admission: access.admission, tls: access.tls, limits: settings.limits),
                probes: probes, logger: logger)
        }
    }

    func run() async throws {
        raiseDescriptorLimit()
        try await withThrowingTaskGroup { group in
            for transport in transports {
                group.addTask {
                    try await transport.run(on: MultiThreadedEventLoopGroup.singleton) { address in
                        announce(address)
                    }
                    return Ending.transport
                }
            }
            group.addTask {
                await files.run()
                return Ending.files
            }
            group.addTask {
                try await gracefulShutdown()
                // Nothing new is run from now on, and what runs answers while connections are open.
                await execution.shutdown()
                try await Task.sleep(for: HTTPService.flushing)
                return Ending.drain
            }
            var open = transports.count
            while open > 0, let ended = try await group.next() {
                if ended == .drain { break }
                if ended == .transport { open -= 1 }
            }
            group.cancelAll()
        }
    }

    private enum Ending {
        case transport
        case files
        case drain
    }

    private static func warn(_ settings: HTTPSettings, _ logger: Logger) {
        guard !settings.isLoopback else { return }
        let metadata: Logger.Metadata = ["host": "\(settings.host)"]
        if !settings.asksForTokens {
            logger.warning(
                "No authentication: whoever reaches this address can run code", metadata: metadata)
        } else if settings.tls == nil {
            logger.warning(
                "No TLS: whoever is on the way to this address can read tokens", metadata: metadata)
        }
    }

    private static func probes(_ parts: ServerParts, _ admission: Admission) -> HTTPProbes {
        HTTPProbes(
            readiness: { await parts.readiness },
            metrics: {
                parts.metrics.text(
                    with: ServerMetrics.Sample(
                        pool: parts.execution.census,
                        templateStartCount: await parts.template.startCount,
                        isReadOnly: parts.storage.writeFailure != nil,
                        cache: parts.storage.cacheStatistics,
                        connectionCount: admission.connectionCount,
                        requestCount: admission.requestCount,
                        sessionCount: admission.sessionCount))
            },
            onOutcome: { parts.metrics.note($0) },
            onRefusedConnection: { parts.metrics.noteRefusedConnection() })
    }

    /// Takes all descriptors that the system allows: the usual soft limit is that of connections.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.debug("Limit of descriptors not raised", metadata: ["errno": "\(errno)"])
        }
    }

    /// Says where clients can come, whatever the level of other messages: with port 0 nothing else
    /// tells.
    private func announce(_ address: SocketAddress) {
        var logger = logger
        logger.logLevel = min(logger.logLevel, .notice)
        logger.notice(
            "Listening",
            metadata: [
                "address": "\(address.ipAddress ?? "")",
                "port": .stringConvertible(address.port ?? 0),
            ])
    }
}

extension ServerParts {
    private enum StorageState: String {
        case reachable
        case readOnly = "read_only"
        case unreachable

        var reason: String? {
            switch self {
            case .reachable: nil
            case .readOnly: "heaps cannot be written: see to the disk and restart the server"
            case .unreachable: "heaps cannot be read"
            }
        }
    }

    /// For how long a probe waits for the storage.
    private static let probeTimeout = Duration.seconds(5)

    private var storageState: StorageState {
        get async {
            do {
                let name = try HeapName("readyz")
                _ = try await execution.reading(
                    after: .nothing, timeout: ServerParts.probeTimeout
                ) { [repository] () throws(HeapError) in try await repository.head(of: name) }
            } catch {
                return .unreachable
            }
            return storage.writeFailure == nil ? .reachable : .readOnly
        }
    }

    /// Whether heaps can be read and written and workers be started, and what confines those.
    fileprivate var readiness: HTTPProbes.Readiness {
        get async {
            guard execution.isAccepting else {
                return HTTPProbes.Readiness(reason: "the server is ending")
            }
            var reasons: [String] = []
            let storage = await storageState
            if let reason = storage.reason { reasons.append(reason) }
            let sandbox: SandboxReport?
            do { sandbox = try await template.confinement() } catch {
                sandbox = nil
                reasons.append("workers cannot be started")
            }
            let layers = sandbox?.entries ?? []
            let on = layers.filter { $0.state == .on }.map { JSON.string("\($0.layer)") }
            let notNeeded = layers.filter { $0.state == .notNeeded }
                .map { JSON.string("\($0.layer)") }
            let missing = sandbox?.missing.map { JSON.string("\($0.layer)") } ?? []
            let fixes = sandbox?.missing.map { entry -> JSON in
                ["layer": .string("\(entry.line)"), "fix": .string(entry.fix ?? "")]
            }
            return HTTPProbes.Readiness(
                reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "),
                isDegraded: sandbox?.entries.isEmpty == true,
                details: [
                    "storage": .string(storage.rawValue), "workers": sandbox == nil ? "down" : "up",
                    "sandbox": [
                        "state": sandbox?.entries.isEmpty == true ? "off" : "on",
                        "on": .array(on), "not_needed": .array(notNeeded),
                        "missing": .array(missing), "fixes": .array(fixes ?? []),
                    ],
                    "memory": memoryBound.json(workerBounds),
                ])
        }
    }
}
