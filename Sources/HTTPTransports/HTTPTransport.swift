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
    }

    /// Serves until a graceful shutdown, and then as long as calls run; to be called once.
    ///
    /// - Parameter onListening: called with the address when clients can come.
    /// - Throws: what the system says where it cannot listen there.
    package func run(
        on eventLoops: any EventLoopGroup,
        onListening: @escaping @Sendable (SocketAddress) async -> Void
    ) async throws {
        let setup = ConnectionSetup(limits: configuration.limits) { request, writer, connection in
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
        var body = MessageBody(of: request, limits: configuration.limits)
        var response: Response
        do throws(Refusal) {
            let (route, principal) = try admit(request.head)
            if route.hasMessage {
                try request.headers.checkContent()
                try body.checkSize()
                if body.isAwaitingPermission {
                    try? await writer.writeInformationalHead(HTTPResponse(status: .continue))
                }
                try await body.read(on: connection)
            }
            response = try await serve(route, request.head, body.bytes, principal, connection)
        } catch {
            response = error.response
        }
        probes.onResponse(response.status.code)
        if body.isLeftOver {
            response.headers[.connection] = "close"
            connection.close(in: configuration.limits.linger)
        }
        try await writer.write(response: response.head, body: response.body)
    }

    private func admit(_ request: HTTPRequest) throws(Refusal) -> (Route, Principal) {
        try configuration.access.checkOrigin(of: request)
        let route = Result { () throws(Refusal) in
            try Route(request, endpoints: configuration.endpoints)
        }
        if case .success(let route) = route, route.isOpen { return (route, .anyone) }
        // Before anything is told of what there is.
        let principal = try configuration.access.principal(of: request)
        return (try route.get(), principal)
    }

    private func serve(
        _ route: Route, _ request: HTTPRequest, _ body: [UInt8], _ principal: Principal,
        _ connection: Connection
    ) async throws(Refusal) -> Response {
        switch route {
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
            await readiness()
        case .metrics:
            Response(text: await probes.metrics(), type: "text/plain; version=0.0.4")
        }
    }

    private func readiness() async -> Response {
        switch await probes.readiness() {
        case .ready(let remarks):
            Response(text: (["ready"] + remarks).joined(separator: "\n") + "\n")
        case .notReady(let reason): Response(text: reason + "\n", status: .serviceUnavailable)
        }
    }
}
