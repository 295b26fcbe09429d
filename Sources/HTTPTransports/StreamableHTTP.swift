import HTTPTypes
import HummingbirdCore
import MCP
import NIOCore

/// `/mcp`: each message is a request, and its answer the response, JSON or a stream of events.
struct StreamableHTTP: Sendable {
    let server: MCPServer
    let calls: CallRunner
    let limits: HTTPLimits
    private let sessions: SessionTable<Conversation>

    init(server: MCPServer, calls: CallRunner, limits: HTTPLimits) {
        self.server = server
        self.calls = calls
        self.limits = limits
        sessions = SessionTable(
            countMax: limits.sessionsMax, countPerPrincipalMax: limits.sessionsPerPrincipalMax,
            idle: limits.sessionIdle,
            isBusy: { $0.callsInFlightCount > 0 })
    }

    /// How many sessions there are.
    var sessionCount: Int { sessions.count }

    /// Answers a message.
    func post(
        _ body: [UInt8], of principal: Principal, _ request: HTTPRequest, on connection: Connection
    ) async throws(Refusal) -> Response {
        let forms = AcceptedForms(request.headerFields)
        guard !forms.isEmpty else {
            throw Refusal(
                .notAcceptable, "Accept must allow application/json and text/event-stream")
        }
        let context = MessageContext.http(ProtocolHeaders(request.headerFields.pairs))
        let message: ClientMessage
        do {
            message = try ClientMessage(
                parsing: body, context: context, limits: server.limits.message)
        } catch {
            return Response(Answer(error: error))
        }
        let client = try client(of: message, principal, request.headerFields)
        var response = await answer(message, from: client, in: forms, on: connection)
        if message.isInitialize, client.conversation.negotiatedRevision != nil {
            response.headers[.sessionID] = try sessions.insert(client.conversation, of: principal)
        }
        return response
    }

    /// Ends a session, and what runs in it.
    func delete(of principal: Principal, _ request: HTTPRequest) throws(Refusal) -> Response {
        let headers = ProtocolHeaders(request.headerFields.pairs)
        guard headers.era != .modern else {
            throw .method(allowed: "POST")
        }
        let (conversation, id) = try session(principal, request.headerFields)
        sessions.remove(id)
        conversation.cancelCalls()
        return Response(empty: .noContent)
    }
}

// MARK: - Sessions

extension StreamableHTTP {
    /// A conversation, and the session that keeps it for the next request, where there is one.
    private struct Client {
        let conversation: Conversation
        var sessionID: String?
    }

    private func client(
        of message: ClientMessage, _ principal: Principal, _ fields: HTTPFields
    ) throws(Refusal) -> Client {
        if message.era == .modern || message.isInitialize {
            return Client(
                conversation: Conversation(with: server, principal: "\(principal)"))
        }
        let (conversation, id) = try session(principal, fields)
        return Client(conversation: conversation, sessionID: id)
    }

    private func session(
        _ principal: Principal, _ fields: HTTPFields
    ) throws(Refusal) -> (Conversation, id: String) {
        let ids = fields[values: .sessionID]
        guard let id = ids.first, ids.count == 1 else {
            throw Refusal(
                .badRequest,
                "There must be one Mcp-Session-Id header: the one of the answer to initialize")
        }
        guard let conversation = sessions.find(id, for: principal) else { throw .sessionUnknown }
        return (conversation, id)
    }
}

// MARK: - Answers

extension StreamableHTTP {
    private func answer(
        _ message: ClientMessage, from client: Client, in forms: AcceptedForms,
        on connection: Connection
    ) async -> Response {
        let exchange = client.conversation.receive(message)
        let pending: PendingAnswer
        switch exchange.reply {
        case .silence: return Response(empty: .accepted)
        case .answer(let answer): return Response(answer)
        case .pending(let call): pending = call
        }
        let queue = EventQueue(limits: limits)
        let mayStream = forms.contains(.eventStream)
        calls.start(pending) { notification in
            if mayStream { queue.notify(notification) }
        } end: { [sessions] answer in
            if let answer { queue.answer(answer) }
            queue.finish()
            if let id = client.sessionID { sessions.touch(id) }
        }
        if exchange.era == .modern {
            // To a modern client the response is the call: who closes it wants it to end.
            connection.whenClosed { [conversation = client.conversation] in
                conversation.cancelCalls()
            }
        }
        return await response(from: queue, in: forms, on: connection)
    }

    /// JSON if the answer comes first and soon, else a stream.
    private func response(
        from queue: EventQueue, in forms: AcceptedForms, on connection: Connection
    ) async -> Response {
        let eventLoop = connection.channel.eventLoop
        let mayStream = forms.contains(.eventStream)
        let delay = eventLoop.scheduleTask(in: TimeAmount(limits.streamDelay)) {
            if mayStream { queue.tick() }
        }
        defer { delay.cancel() }
        var first: EventQueue.Event?
        for await event in queue.events {
            first = event
            break
        }
        if case .answer(let answer) = first, forms.contains(.json) {
            connection.forgetAction()
            return Response(answer)
        }
        guard mayStream else { return Response(empty: .accepted) }
        // Without any event the call was cancelled: a stream that ends without an answer.
        return EventStream(
            queue: queue, eventLoop: eventLoop, keepAlive: limits.keepAlive,
            prelude: first.map { [ByteBuffer($0)] } ?? [], onEnd: { connection.forgetAction() }
        ).response
    }
}

extension HTTPFields {
    /// All names and values as they came.
    fileprivate var pairs: some Sequence<(name: String, value: String)> {
        lazy.map { (name: $0.name.canonicalName, value: $0.value) }
    }
}
