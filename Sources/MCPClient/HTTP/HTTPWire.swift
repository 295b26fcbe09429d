import Logging
import MCP
import NIOCore
import NIOHTTP1
import Synchronization

/// Messages over Streamable HTTP: a request is a POST, and its answer comes as a body or among the
/// events of a stream.
final class HTTPWire: Wire {
    private struct State {
        var session = HTTPSession.none
        var target: HTTPTarget
        var nextID = 1
    }

    private static let redirectCountMax = 3
    /// What is read of the body of a refusal.
    private static let refusalByteCountMax = 64 << 10
    /// How long a notice or a farewell may take.
    static let noticeTimeout = Duration.seconds(5)

    private let state: Mutex<State>
    let carrier: any HTTPCarrier
    let inbox: Inbox
    let limits: UpstreamLimits
    let timing: UpstreamTiming
    private let end = CancellationSignal()

    init(
        _ target: HTTPTarget, carrier: any HTTPCarrier, inbox: Inbox, limits: UpstreamLimits,
        timing: UpstreamTiming
    ) {
        state = Mutex(State(target: target))
        self.carrier = carrier
        self.inbox = inbox
        self.limits = limits
        self.timing = timing
    }

    /// Whether the server has forgotten us, so that a new handshake is due.
    var isGone: Bool { state.withLock { $0.session == .ended } }

    var isClosed: Bool { end.wasSent }

    func ask(_ question: Question, as dialect: Dialect) async throws(UpstreamError) -> Reply {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        let message = dialect.encode(question, id: id)
        guard message.count <= limits.requestByteCountMax else { throw .requestTooLarge(limits) }
        inbox.beginProgress(of: id, question.onProgress)
        defer { inbox.endProgress(of: id) }
        do {
            switch try await post(message, question, dialect) {
            case .refused(let failure): return .failure(failure)
            case .taken(let reply): return try await answer(to: id, question, reply, dialect)
            }
        } catch {
            guard Task.isCancelled else { throw error }
            if dialect.revision.era == .legacy, question.method != "initialize" {
                // To end the exchange says nothing in this era. The task that waits is cancelled
                // already, so this one is sent by another.
                Task { [self] in
                    let reason = "the caller no longer waits"
                    try? await notify(Notice.cancelled(id: id, reason: reason), as: dialect)
                }
            }
            throw .callerGone
        }
    }

    func notify(_ notice: [UInt8], as dialect: Dialect) async throws(UpstreamError) {
        let result = await timing.within(
            { [start = timing.now()] in start + Self.noticeTimeout },
            onTimeout: { _ in HTTPFault.broken("no answer in time").error },
            { [self] in
                await Result { () async throws(UpstreamError) in
                    _ = try await post(notice, nil, dialect)
                }
            })
        try result.get()
    }

    func close() async {
        end.send()
        let (session, target) = state.withLock { state in
            defer { state.session = .none }
            return (state.session, state.target)
        }
        guard session.id != nil else { return }
        let dialect = Dialect(
            revision: .newestLegacy, client: Implementation(name: "", version: ""),
            capabilities: [:])
        let farewell = HTTPAsk(
            method: "DELETE", url: target.url,
            headers: HTTPHeaders(to: target, session: session, dialect: dialect, for: nil))
        _ = await timing.within(
            { [start = timing.now()] in start + Self.noticeTimeout }, onTimeout: { $0 },
            { [carrier] in
                await Result { () async throws(UpstreamError) in
                    do throws(HTTPFault) { _ = try await carrier.send(farewell) } catch {
                        throw error.error
                    }
                }
            })
    }
}

// MARK: - Exchanges

extension HTTPWire {
    private enum Posted {
        /// With a status of success; what follows is to be read.
        case taken(HTTPReply)
        case refused(RPCFailure)
    }

    private func post(
        _ message: [UInt8], _ question: Question?, _ dialect: Dialect
    ) async throws(UpstreamError) -> Posted {
        for _ in 0...Self.redirectCountMax {
            let (session, target) = state.withLock { ($0.session, $0.target) }
            var ask = HTTPAsk(
                method: "POST", url: target.url,
                headers: HTTPHeaders(
                    to: target, session: session, dialect: dialect, for: question),
                body: message)
            ask.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            let reply = try await send(ask)
            if (200..<300).contains(reply.status) { return .taken(reply) }
            switch try await verdict(on: reply, session, target) {
            case .moved(let next): state.withLock { $0.target = next }
            case .sessionEnded:
                state.withLock { if $0.session == session { $0.session = .ended } }
                throw .sessionEnded
            case .failure(let failure):
                return .refused(failure)
            case .error(let error):
                if question?.method == "initialize", await speaksOldTransport(target, error) {
                    throw .oldTransport
                }
                throw error
            }
        }
        throw UpstreamError(.unavailable, "The server redirects again and again", .notSent)
    }

    private func verdict(
        on reply: HTTPReply, _ session: HTTPSession, _ target: HTTPTarget
    ) async throws(UpstreamError) -> HTTPVerdict {
        var body: [UInt8] = []
        // A refusal without its text is still a refusal.
        try? await collect(reply, upTo: Self.refusalByteCountMax, into: &body)
        return HTTPVerdict(
            status: reply.status, headers: reply.headers, body: body,
            HTTPVerdict.Context(target: target, hasSession: session.id != nil))
    }

    func send(_ ask: HTTPAsk) async throws(UpstreamError) -> HTTPReply {
        do throws(HTTPFault) {
            return try await carrier.send(ask)
        } catch {
            throw error.error
        }
    }

    /// Whether it speaks the transport of 2024-11-05, in which a GET opens a stream of events.
    private func speaksOldTransport(_ target: HTTPTarget, _ error: UpstreamError) async -> Bool {
        guard [404, 405].contains(error.details["status"]) else { return false }
        var headers = HTTPHeaders(target.headers.map { ($0.key, $0.value) })
        headers.replaceOrAdd(name: "Accept", value: "text/event-stream")
        let reply = try? await carrier.send(
            HTTPAsk(method: "GET", url: target.url, headers: headers))
        return reply?.status == 200 && reply?.headers.mediaType == "text/event-stream"
    }

    /// A GET of events that the server sends by itself, or of the rest of a stream that broke.
    func openStream(after event: String?, _ dialect: Dialect) async throws(UpstreamError)
        -> HTTPReply
    {
        let (session, target) = state.withLock { ($0.session, $0.target) }
        var headers = HTTPHeaders(to: target, session: session, dialect: dialect, for: nil)
        headers.replaceOrAdd(name: "Accept", value: "text/event-stream")
        if let event { headers.replaceOrAdd(name: "Last-Event-ID", value: event) }
        let reply = try await send(HTTPAsk(method: "GET", url: target.url, headers: headers))
        guard reply.status != 200 else { return reply }
        switch try await verdict(on: reply, session, target) {
        case .sessionEnded:
            state.withLock { if $0.session == session { $0.session = .ended } }
            throw .sessionEnded
        case .error(let error): throw error
        case .failure, .moved:
            throw UpstreamError(
                .protocolError, "The server has no stream of events",
                details: ["status": .number(JSONNumber(reply.status))])
        }
    }

    /// Reads a body whole.
    func collect(
        _ reply: HTTPReply, upTo byteCountMax: Int, into body: inout [UInt8]
    ) async throws(UpstreamError) {
        if let announced = reply.headers.first(name: "Content-Length").flatMap({ Int($0) }),
            announced > byteCountMax
        {
            throw .answerTooLarge(limits)
        }
        do {
            for try await chunk in reply.body {
                guard body.count + chunk.readableBytes <= byteCountMax else {
                    throw UpstreamError.answerTooLarge(limits)
                }
                body.append(contentsOf: chunk.readableBytesView)
            }
        } catch {
            throw error as? UpstreamError ?? HTTPFault(error).error
        }
        if Task.isCancelled { throw .callerGone }
    }

    /// Remembers what the server calls us from now on.
    func beginSession(_ headers: HTTPHeaders) throws(UpstreamError) {
        guard let session = HTTPSession(greeting: headers) else {
            throw .badAnswer("initialize with a session id that no header can carry")
        }
        state.withLock { $0.session = session }
    }
}

extension UpstreamError {
    static let sessionEnded = UpstreamError(
        .unavailable, "The server ended our session", .notSent, retry: .sensible)
    static let oldTransport = UpstreamError(
        .unavailable,
        "The server speaks the HTTP+SSE transport of 2024-11-05 only, which is not supported. Most"
            + " such servers have Streamable HTTP at another address, often /mcp", .notSent)
}
