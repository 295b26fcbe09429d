internal import Execution
internal import Foundation
internal import Glibc
internal import HTTPTransports
internal import Heaps
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import WorkerProtocol

/// Serves HTTP clients until the server is told to end, and then as long as it takes to answer.
struct HTTPService: Service {
    /// How long answers may take to be written when all executions have ended.
    private static let flushing = Duration.seconds(1)

    private let transports: [HTTPTransport]
    private let execution: ExecutionService
    private let logger: Logger

    /// Prepares to serve.
    ///
    /// - Throws: ``SettingsError`` if the file of tokens cannot be used.
    init(_ settings: HTTPSettings, parts: ServerParts, logger: Logger) throws {
        execution = parts.execution
        self.logger = logger
        let tokens = try settings.tokenFile.map(HTTPService.readTokens)
        if !settings.isLoopback, tokens == nil {
            logger.warning(
                "No authentication: whoever reaches this address can run code",
                metadata: ["host": "\(settings.host)"])
        }
        let access = AccessPolicy(hostNames: settings.hostNames, tokens: tokens)
        var limits = HTTPLimits()
        limits.bodyByteCountMax = settings.requestByteCountMax
        transports = settings.listeners.map { listener in
            HTTPTransport(
                server: parts.server,
                configuration: HTTPConfiguration(
                    host: settings.host, port: listener.port, endpoints: listener.endpoints,
                    access: access, limits: limits),
                probes: HTTPProbes(
                    readiness: { await parts.readiness },
                    metrics: { parts.metrics.text(with: parts.execution.census) },
                    onResponse: { parts.metrics.noteResponse(status: $0) }),
                logger: logger)
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
                    return Part.transport
                }
            }
            group.addTask {
                try await gracefulShutdown()
                // Nothing new is run from now on, and what runs answers while connections are open.
                await execution.shutdown()
                try await Task.sleep(for: HTTPService.flushing)
                return Part.drain
            }
            var open = transports.count
            while open > 0, let ended = try await group.next() {
                if ended == .drain { break }
                open -= 1
            }
            group.cancelAll()
        }
    }

    private enum Part {
        case transport
        case drain
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
                "address": "\(address.ipAddress ?? "")", "port": "\(address.port ?? 0)",
            ])
    }

    private static func readTokens(path: String) throws(SettingsError) -> BearerTokens {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw .invalid("the file of --auth-token-file, \(path), cannot be read")
        }
        do {
            return try BearerTokens(file: String(decoding: content, as: UTF8.self))
        } catch {
            throw .invalid("the file of --auth-token-file, \(path), cannot be used: \(error)")
        }
    }
}

extension ServerParts {
    /// Whether heaps can be read and workers be started.
    fileprivate var readiness: HTTPProbes.Readiness {
        get async {
            guard execution.isAccepting else { return .notReady("the server is ending") }
            do {
                _ = try await repository.head(of: HeapName("readyz"))
            } catch {
                return .notReady("heaps cannot be read")
            }
            do {
                return .ready(remarks: try await template.confinement().remarks)
            } catch {
                return .notReady("workers cannot be started")
            }
        }
    }
}

extension SandboxReport {
    /// Whether scripts are confined, and each layer with its state and what would mend it.
    fileprivate var remarks: [String] {
        if entries.isEmpty { return ["sandbox: degraded: --sandbox off, scripts are not confined"] }
        let summary = missing.isEmpty ? "every layer holds" : "\(missing.count) layers missing"
        return ["sandbox: \(summary)"]
            + entries.map { "  \($0.line)" + ($0.mend.map { "; \($0)" } ?? "") }
    }
}
