import HTTPTypes
import HummingbirdCore
package import Logging
package import MCP
package import NIOCore
import ServiceLifecycle

/// Serves the clients that come to one address.
///
/// It decides who is served and what HTTP says of it; what messages mean is the core's business.
package struct HTTPTransport: Sendable {
    private let configuration: HTTPConfiguration
    private let probes: HTTPProbes
    private let logger: Logger
    private let calls = CallRunner()
    private let streamableHTTP: StreamableHTTP
    private let serverSentEvents: ServerSentEvents

    private var admission: Admission { configuration.admission }

    /// Prepares to serve.
    package init(
        server: MCPServer, configuration: HTTPConfiguration, probes: HTTPProbes = HTTPProbes(),
        logger: Logger
    ) {
        self.configuration = configuration
        self.probes = probes
        self.logger = logger
        streamableHTTP = StreamableHTTP(
            server: server, calls: calls, limits: configuration.limits)
        serverSentEvents = ServerSentEvents(
            server: server, calls: calls, limits: configuration.limits)
        configuration.admission.addSessions { [streamableHTTP, serverSentEvents] in
            streamableHTTP.sessionCount + serverSentEvents.sessionCount
        }
    }

    /// Serves until a graceful shutdown, and then as long as calls run; to be called once.
    ///
    /// - Parameter onListening: called with the address when clients can come.
    /// - Throws: what the system says where it cannot listen there.
    package func run(
        on eventLoops: any EventLoopGroup,
        onListening: @escaping @Sendable (SocketAddress) async -> Void
    ) async throws {
        let setup = ConnectionSetup(
            limits: configuration.limits, census: admission.connections, tls: configuration.tls,
            probes: probes
        ) { request, writer, connection in
            try await respond(to: request, writer, on: connection)
        }
        // It would say by itself, and in its own way, what is said here.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let listener = Server(
            childChannelSetup: setup,
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(
                    configuration.limits.connectionsMax, logger: quiet)),
            onServerRunning: { channel in
                if let address = channel.localAddress { await onListening(address) }
            },
            eventLoopGroup: eventLoops, logger: quiet)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup { group in
                group.addTask { await calls.run() }
                defer { calls.finish() }
                try await listener.run()
            }
        } onGracefulShutdown: {
            serverSentEvents.drain()
        }
    }
}

// MARK: - One request

extension HTTPTransport {
    private func respond(
        to request: Request, _ writer: consuming ResponseWriter, on connection: Connection
    ) async throws {
        let began = ContinuousClock.now
        // Only a name, for who reads the log: no secret, and cheap to make.
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        let trace = RequestTrace(
            requestID: id, parent: request.headers[.traceParent].flatMap { TraceParent($0) })
        var head = request.head
        if configuration.tls != nil { head.scheme = "https" }
        var body = MessageBody(of: request, limits: configuration.limits)
        var outcome = HTTPProbes.Outcome(status: 0)
        var response: Response
        var counted: Principal?
        defer { if let counted { admission.endRequest(of: counted) } }
        do throws(Refusal) {
            let admitted = try await admission.admit(
                head, from: connection.address, endpoints: configuration.endpoints)
            if !admitted.route.isOpen, admitted.route != .stream {
                let principal = admitted.principal ?? .anyone
                try admission.beginRequest(of: principal)
                counted = principal
            }
            if admitted.route.hasMessage {
                try request.headers.checkContent()
                try body.checkSize()
                if body.isAwaitingPermission {
                    try? await writer.writeInformationalHead(HTTPResponse(status: .continue))
                }
                try await body.read(on: connection)
            }
            response = try await RequestTrace.$current.withValue(trace) { [bytes = body.bytes] in
                await result { () async throws(Refusal) in
                    try await serve(admitted, head, bytes, connection)
                }
            }.get()
        } catch {
            outcome.cause = error.cause
            response = error.response(requestID: id)
        }
        response.headers[.requestID] = id
        if body.isLeftOver {
            response.headers[.connection] = "close"
            connection.close(in: configuration.limits.linger)
        }
        outcome.status = response.status.code
        defer {
            outcome.duration = began.duration(to: .now)
            probes.onOutcome(outcome)
            log(head, outcome, trace)
        }
        try await writer.write(response: response.head, body: response.body)
    }

    private func serve(
        _ admitted: Admission.Admitted, _ request: HTTPRequest, _ body: [UInt8],
        _ connection: Connection
    ) async throws(Refusal) -> Response {
        let principal = admitted.principal ?? .anyone
        return switch admitted.route {
        case .message:
            try await streamableHTTP.post(body, of: principal, request, on: connection)
        case .endOfSession:
            try streamableHTTP.delete(of: principal, request)
        case .stream:
            try serverSentEvents.open(
                for: principal, accepting: AcceptedForms(request.headerFields), on: connection)
        case .streamMessage(let sessionID):
            try serverSentEvents.post(body, sessionID: sessionID, of: principal)
        case .health:
            Response(text: "ok\n")
        case .readiness:
            await readiness(for: admitted.principal)
        case .metrics:
            Response(text: await probes.metrics(), type: "text/plain; version=0.0.4")
        case .resourceMetadata(let path):
            try admission.metadata(for: request, path: path)
        }
    }

    /// Whether it is ready, and to whom the server knows, why.
    private func readiness(for principal: Principal?) async -> Response {
        let readiness = await probes.readiness()
        var document: JSONObject = [
            "status": .string(readiness.status)
        ]
        document["reason"] = readiness.reason.map(JSON.string)
        if principal != nil {
            for member in readiness.details.object?.members ?? [] {
                document[member.key] = member.value
            }
        }
        return Response(
            json: JSON.object(document).encoded() + [UInt8(ascii: "\n")],
            status: readiness.reason == nil ? .ok : .serviceUnavailable)
    }

    private func log(_ request: HTTPRequest, _ outcome: HTTPProbes.Outcome, _ trace: RequestTrace) {
        logger.debug(
            "Request answered",
            metadata: trace.metadata.merging([
                "http.method": "\(request.method.rawValue)",
                "http.path": "\((request.path ?? "").prefix { $0 != "?" }.prefix(256))",
                "http.status": "\(outcome.status)",
                "duration": "\(outcome.duration ?? .zero)",
            ]) { _, new in new })
    }
}

/// What came of a body, where errors cannot pass with their type.
private func result<Value>(
    _ body: () async throws(Refusal) -> Value
) async -> Result<Value, Refusal> {
    do throws(Refusal) { return .success(try await body()) } catch { return .failure(error) }
}
