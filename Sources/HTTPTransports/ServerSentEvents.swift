import HTTPTypes
import HummingbirdCore
import MCP
import NIOCore
import Synchronization

/// `/sse` and `/message`: messages are posted, and all that is answered comes on one stream.
struct ServerSentEvents: Sendable {
    let server: MCPServer
    let calls: CallRunner
    let limits: HTTPLimits
    private let sessions: SessionTable<StreamSession>

    init(server: MCPServer, calls: CallRunner, limits: HTTPLimits) {
        self.server = server
        self.calls = calls
        self.limits = limits
        // A session lives as long as its stream.
        sessions = SessionTable(
            countMax: limits.streamsMax, countPerPrincipalMax: limits.streamsPerPrincipalMax,
            idle: nil)
    }

    /// How many streams there are.
    var sessionCount: Int { sessions.count }

    /// Opens a stream, whose first event says where to post messages.
    func open(
        for principal: Principal, accepting forms: AcceptedForms, on connection: Connection
    ) throws(Refusal) -> Response {
        guard forms.contains(.eventStream) else {
            throw Refusal(.notAcceptable, "Accept must allow text/event-stream")
        }
        let session = StreamSession(with: server, limits: limits)
        let id = try sessions.insert(session, of: principal)
        let end = { @Sendable [sessions] in
            sessions.remove(id)
            session.end()
        }
        connection.whenClosed(end)
        let endpoint = ByteBuffer(name: "endpoint", data: "/message?sessionId=\(id)".utf8)
        return EventStream(
            queue: session.queue, eventLoop: connection.channel.eventLoop,
            keepAlive: limits.keepAlive, prelude: [endpoint], onEnd: end
        ).response
    }

    /// Takes in a message; its answer goes to the stream.
    func post(
        _ body: [UInt8], sessionID: String?, of principal: Principal
    ) throws(Refusal) -> Response {
        guard let sessionID, SessionID.isWellFormed(sessionID) else {
            throw Refusal(.badRequest, "There must be one sessionId, as the stream gave it")
        }
        guard let session = sessions.find(sessionID, for: principal) else { throw .sessionUnknown }
        let message: ClientMessage
        do {
            message = try ClientMessage(
                parsing: body, context: .stream, limits: server.limits.message)
        } catch {
            return Response(Answer(error: error))
        }
        guard !session.queue.isOverfull else {
            throw Refusal(.serviceUnavailable, "Too much of the stream is unread")
        }
        session.receive(message, calls: calls)
        return Response(text: "Accepted", status: .accepted)
    }

    /// Lets the calls that run answer, and ends each stream then.
    func drain() {
        for session in sessions.all { session.drain() }
    }
}

/// One stream and what is said over it.
final class StreamSession: Sendable {
    private enum State {
        /// Next: `draining`, or none when the stream is closed.
        case open(callCount: Int)
        /// Ends with its last call. Terminal.
        case draining(callCount: Int)

        mutating func add(_ count: Int) {
            switch self {
            case .open(let callCount): self = .open(callCount: callCount + count)
            case .draining(let callCount): self = .draining(callCount: callCount + count)
            }
        }
    }

    let queue: EventQueue
    private let conversation: Conversation
    private let state = Mutex(State.open(callCount: 0))

    init(with server: MCPServer, limits: HTTPLimits) {
        let queue = EventQueue(limits: limits)
        conversation = Conversation(with: server, notify: { queue.notify($0) })
        self.queue = queue
    }

    func receive(_ message: ClientMessage, calls: CallRunner) {
        switch conversation.receive(message).reply {
        case .silence: break
        case .answer(let answer): queue.answer(answer)
        case .pending(let pending):
            state.withLock { $0.add(1) }
            calls.start(pending, notify: { [queue] in queue.notify($0) }) { [self] answer in
                if let answer { queue.answer(answer) }
                state.withLock { $0.add(-1) }
                finishIfDrained()
            }
        }
    }

    /// Ends the stream when the calls that run have answered.
    func drain() {
        state.withLock { state in
            if case .open(let count) = state { state = .draining(callCount: count) }
        }
        finishIfDrained()
    }

    /// Ends everything: nobody hears the answers.
    func end() {
        conversation.cancelCalls()
        queue.finish()
    }

    private func finishIfDrained() {
        let isDrained = state.withLock { if case .draining(0) = $0 { true } else { false } }
        if isDrained { queue.finish() }
    }
}
