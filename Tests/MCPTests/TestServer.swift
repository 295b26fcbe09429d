import MCP
import Synchronization

/// A client's side of one conversation with a server of fakes.
struct TestClient: Sendable {
    let conversation: Conversation

    init(
        tools: [Tool] = [.echo], implementation: Implementation = .full,
        limits: ConversationLimits = ConversationLimits(), time: ManualTime = ManualTime()
    ) {
        conversation = Conversation(
            with: MCPServer(
                implementation: implementation, instructions: "Be kind.", tools: tools,
                limits: limits, now: { time.now }))
    }

    /// Sends a message and waits for the answer.
    func answer(
        to message: String, context: MessageContext = .stream, recorder: Recorder = Recorder()
    ) async -> String? {
        let reply = conversation.receive(Array(message.utf8), context: context).reply
        let answer = await reply.run { recorder.record($0) }
        return answer.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Sends a message and waits for the answer as a value.
    func json(of message: String, context: MessageContext = .stream) async throws -> JSON {
        let text = await answer(to: message, context: context) ?? "null"
        return try JSON(parsing: Array(text.utf8))
    }

    /// Sends a message over HTTP and tells the status that its answer has.
    func status(of message: String, headers: [(name: String, value: String)]) async -> Int {
        let context = MessageContext.http(ProtocolHeaders(headers))
        let reply = conversation.receive(Array(message.utf8), context: context).reply
        if case .silence = reply { return 202 }
        return await reply.run { _ in }?.httpStatus ?? 0
    }

    func initialize(_ revision: ProtocolRevision) async {
        _ = await answer(
            to: Message.legacy(
                "initialize", #"{"protocolVersion":"\#(revision.rawValue)"}"#, id: "0"))
    }
}

/// The texts of requests.
enum Message {
    static let meta = """
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",\
        "io.modelcontextprotocol/clientCapabilities":{}
        """

    static func legacy(_ method: String, _ parameters: String = "{}", id: String = "1") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(parameters)}"#
    }

    static func modern(
        _ method: String, _ members: String = "", id: String = "1", meta: String = Message.meta
    ) -> String {
        let rest = members.isEmpty ? "" : "," + members
        return legacy(method, #"{"_meta":{\#(meta)}\#(rest)}"#, id: id)
    }

    static func request(
        _ method: String, _ members: String = "", id: String = "1", for revision: ProtocolRevision
    ) -> String {
        revision.era == .modern
            ? modern(method, members, id: id) : legacy(method, "{\(members)}", id: id)
    }

    static func cancel(_ id: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
    }
}

/// A clock that moves when it is told to.
final class ManualTime: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLock { $0 } }

    func advance(by duration: Duration) {
        instant.withLock { $0 += duration }
    }
}

/// Keeps the notifications that a client gets.
final class Recorder: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func record(_ notification: [UInt8]) {
        texts.withLock { $0.append(String(decoding: notification, as: UTF8.self)) }
    }
}

/// Tells a test that something happened, once.
struct Signal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send() {
        continuation.finish()
    }

    /// Returns when it was sent or the task is cancelled.
    func wait() async {
        for await _ in stream {}
    }
}
