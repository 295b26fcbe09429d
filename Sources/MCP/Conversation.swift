import Logging
import Synchronization

/// What one client has said so far, as far as later messages depend on it.
///
/// That is the revision of its last `initialize`, and which of its calls are running. Each request
/// is classified by itself: clients probe with a modern one and go on with a legacy handshake.
///
/// A stream has one conversation, a legacy HTTP session too; a modern HTTP request has its own.
package final class Conversation: Sendable {
    private struct State {
        var revision: ProtocolRevision?
        var callsInFlight: [RequestID: CancellationSignal] = [:]
        /// What the client wants to read of what calls log; nil for nothing.
        var logThreshold: LogLevel?
    }

    /// What the client talks to.
    package let server: MCPServer
    private let state = Mutex(State())
    private let id = UInt64.random(in: 0 ... .max)
    private let principal: String?
    /// Reaches the client at any time; nil where the transport has no stream for that.
    let notify: Notify?

    /// Begins a conversation.
    ///
    /// - Parameters:
    ///   - principal: who the client is to the transport, where a client may have several
    ///     conversations at once; tasks of modern requests are theirs.
    ///   - notify: for what belongs to no call that runs, on transports that can send it.
    package init(with server: MCPServer, principal: String? = nil, notify: Notify? = nil) {
        self.server = server
        self.principal = principal
        self.notify = notify
    }

    /// Whose the tasks are that requests of an era begin.
    func taskOwner(in era: Era) -> TaskOwner {
        if era == .modern, let principal { .principal(principal) } else { .conversation(id) }
    }

    /// The revision of the last `initialize`; nil if there was none.
    package var negotiatedRevision: ProtocolRevision? {
        state.withLock { $0.revision }
    }

    /// Takes in one message, which is the text of one JSON value.
    ///
    /// It does not wait: messages are to be given in the order in which they came, so that a
    /// cancellation finds its call, and what they ask for may then run at once.
    package func receive(_ message: [UInt8], context: MessageContext = .stream) -> Exchange {
        do {
            let message = try ClientMessage(
                parsing: message, context: context, limits: server.limits.message)
            return receive(message)
        } catch {
            return .refusal(error, era: context.era)
        }
    }

    /// Takes in one message that was read before, under the same rules.
    package func receive(_ message: ClientMessage) -> Exchange {
        switch message.content {
        case .single(let single):
            return receive(single, context: message.context)
        case .batch(let batch):
            do {
                return try receive(batch: batch, context: message.context)
            } catch {
                return .refusal(error, era: message.era)
            }
        }
    }

    /// How many calls run.
    package var callsInFlightCount: Int {
        state.withLock { $0.callsInFlight.count }
    }

    /// Cancels all calls that run, as when a session ends.
    package func cancelCalls() {
        for call in state.withLock({ Array($0.callsInFlight.values) }) { call.send() }
        server.tasks.cancelAll(of: .conversation(id))
    }
}

// MARK: - One message

extension Conversation {
    private func receive(_ message: IncomingMessage, context: MessageContext) -> Exchange {
        switch message {
        case .request(let request):
            let era = Era(of: request, context: context)
            do throws(MCPError) {
                return Exchange(era: era, reply: try handle(request, era: era, context: context))
            } catch {
                log(error)
                return .refusal(error, id: request.id, era: era)
            }
        case .notification("notifications/cancelled", let parameters):
            cancel(parameters["requestId"])
            return Exchange(era: context.era, reply: .silence)
        case .response where context.era == .modern:
            return .refusal(.invalidRequest("No answer is expected"), era: .modern)
        case .notification, .response:
            return Exchange(era: context.era, reply: .silence)
        case .invalid(let error, let id):
            return .refusal(error, id: id, era: context.era)
        }
    }

    private func handle(
        _ request: Request, era: Era, context: MessageContext
    ) throws(MCPError) -> Exchange.Reply {
        guard state.withLock({ $0.callsInFlight[request.id] }) == nil else {
            throw .duplicateID
        }
        let revision = try revision(of: request, era: era, context: context)
        guard request.parameters.object != nil else {
            throw .invalidParameters("\"params\" must be an object")
        }
        var caching = MCPServer.Caching.notApplicable
        let result: JSONObject
        switch (request.method, era) {
        case ("initialize", .legacy):
            let negotiated = try server.initialize(request.parameters)
            state.withLock { $0.revision = negotiated.revision }
            result = negotiated.result
        case ("ping", .legacy):
            result = [:]
        case ("server/discover", .modern):
            result = server.discover(for: revision)
            caching = .allowed
        case ("tools/list", _):
            try request.parameters.checkCursor()
            result = server.listTools(for: revision)
            caching = .allowed
        case (let method, _) where MCPServer.emptyLists[method] != nil:
            try request.parameters.checkCursor()
            result = MCPServer.emptyLists[method] ?? [:]
            caching = .allowed
        case ("tools/call", _):
            return try beginCall(request, revision: revision)
        case ("logging/setLevel", .legacy) where server.hasLongTools:
            let threshold = try LogLevel(request.parameters["level"])
            state.withLock { $0.logThreshold = threshold }
            result = [:]
        case (let method, _) where method.hasPrefix("tasks/"):
            return try handleTasks(request, revision)
        default:
            throw .methodNotFound(String(request.method.prefix(128)))
        }
        let completed = server.complete(result, for: revision, caching: caching)
        return .answer(Answer(id: request.id, result: completed))
    }

    private func revision(
        of request: Request, era: Era, context: MessageContext
    ) throws(MCPError) -> ProtocolRevision {
        switch era {
        case .legacy:
            return negotiatedRevision ?? context.headers?.legacyRevision ?? .assumed
        case .modern:
            try context.headers?.check(against: request)
            return try request.modernRevision()
        }
    }

    private func log(_ error: MCPError) {
        guard case .headerMismatch(let reason) = error else { return }
        server.logger.warning("Request refused for its headers", metadata: ["reason": "\(reason)"])
    }
}

// MARK: - Batches

extension Conversation {
    private func receive(
        batch: [IncomingMessage], context: MessageContext
    ) throws(MCPError) -> Exchange {
        let revision = negotiatedRevision ?? context.headers?.legacyRevision ?? .assumed
        guard context.era == .legacy, revision.has(.batch) else {
            throw .invalidRequest("This revision has no batches")
        }
        guard !batch.isEmpty else { throw .invalidRequest("A batch must not be empty") }
        let limit = server.limits.batchCountMax
        guard batch.count <= limit else {
            throw .invalidRequest("A batch has at most \(limit) messages")
        }
        guard !batch.contains(where: \.isInitialize) else {
            throw .invalidRequest("\"initialize\" must not be in a batch")
        }
        let replies = batch.map { receive(inBatch: $0, context: context).reply }
        return Exchange(era: .legacy, reply: Exchange.Reply(batch: replies))
    }

    private func receive(inBatch message: IncomingMessage, context: MessageContext) -> Exchange {
        if case .request(let request) = message, Era(of: request, context: context) == .modern {
            let error = MCPError.invalidRequest("A request of this revision must stand alone")
            return .refusal(error, id: request.id, era: .modern)
        }
        return receive(message, context: context)
    }
}

extension Exchange.Reply {
    fileprivate init(batch replies: [Exchange.Reply]) {
        var answers: [Answer] = []
        for reply in replies {
            switch reply {
            case .silence: break
            case .answer(let answer): answers.append(answer)
            case .pending:
                self = .pending(PendingAnswer(content: .batch(replies)))
                return
            }
        }
        self = answers.isEmpty ? .silence : .answer(Answer(batch: answers))
    }
}

// MARK: - Calls

extension Conversation {
    enum Admission {
        case admitted
        case duplicate
        case busy
    }

    private func beginCall(
        _ request: Request, revision: ProtocolRevision
    ) throws(MCPError) -> Exchange.Reply {
        let (tool, unchecked) = try server.findTool(request.parameters)
        let arguments: JSONObject
        switch tool.parameters.check(unchecked) {
        case .success(let checked): arguments = checked
        case .failure(let complaints):
            return refusal(.invalid, complaints.text, of: request, revision)
        }
        if let reply = try beginTask(request, tool, arguments, revision) { return reply }
        let logThreshold = try logThreshold(of: request, revision)
        let cancellation = CancellationSignal()
        switch admit(request.id, cancellation) {
        case .duplicate: throw .duplicateID
        case .busy:
            let text = """
                Busy: \(server.limits.callsInFlightMax) calls are running already. Wait for one \
                to end, then call again.
                """
            return refusal(.busy, text, of: request, revision)
        case .admitted:
            let call = ToolCall(
                request: request, revision: revision, tool: tool, arguments: arguments,
                form: form(of: request, tool, revision), logThreshold: logThreshold,
                cancellation: cancellation, conversation: self)
            return .pending(PendingAnswer(content: .single(call)))
        }
    }

    func admit(_ id: RequestID, _ cancellation: CancellationSignal) -> Admission {
        let limit = server.limits.callsInFlightMax
        return state.withLock { state in
            guard state.callsInFlight[id] == nil else { return .duplicate }
            guard state.callsInFlight.count < limit else { return .busy }
            state.callsInFlight[id] = cancellation
            return .admitted
        }
    }

    /// What the client of a call wants to read of what it logs.
    func logThreshold(
        of request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> LogLevel? {
        guard revision.era == .modern else { return state.withLock { $0.logThreshold } }
        guard let level = request.meta(.logLevel), level != .null else { return nil }
        return try LogLevel(level)
    }

    private func refusal(
        _ refusal: ToolResult.Refusal, _ text: String, of request: Request,
        _ revision: ProtocolRevision
    ) -> Exchange.Reply {
        let result = ToolResult.refusal(refusal, text).json(for: revision)
        return .answer(Answer(id: request.id, result: server.complete(result, for: revision)))
    }

    func endCall(_ id: RequestID) {
        state.withLock { $0.callsInFlight[id] = nil }
    }

    private func cancel(_ id: JSON?) {
        guard let id = RequestID(id) else { return }
        state.withLock { $0.callsInFlight[id] }?.send()
    }
}
