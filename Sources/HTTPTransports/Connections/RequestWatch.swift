import MCP
import NIOCore
import NIOHTTP1
import NIOTLS

/// Answers what is no request, and closes a connection on which a request's head comes by drops.
///
/// It stands behind the decoder. A ``ByteWatch`` before it tells it that anything came at all, and
/// one before TLS, where a record that comes by drops is seen by nobody else.
final class RequestWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What comes before the first request.
    enum Prelude {
        case nothing
        /// Clients agree on TLS first.
        case handshake
    }

    private enum State {
        /// TLS is agreed upon. Next: `idle`.
        case handshaking
        /// Nothing of a next request has come. Next: `inHead`.
        case idle
        /// A head has begun. Next: `inBody`.
        case inHead(Scheduled<Void>)
        /// The head is complete. Next: `idle`.
        case inBody
        /// It was refused, and nothing more is read. Terminal.
        case refused
    }

    private let headTimeout: Duration
    private let onRefusal: @Sendable (_ status: Int) -> Void
    private var state: State
    private var unansweredCount = 0

    init(
        after prelude: Prelude, headTimeout: Duration,
        onRefusal: @escaping @Sendable (_ status: Int) -> Void
    ) {
        state = prelude == .handshake ? .handshaking : .idle
        self.headTimeout = headTimeout
        self.onRefusal = onRefusal
    }

    fileprivate func noteBytes(context: ChannelHandlerContext) {
        guard case .idle = state else { return }
        let channel = context.channel
        state = .inHead(
            context.eventLoop.scheduleTask(in: TimeAmount(headTimeout)) {
                channel.close(promise: nil)
            })
    }

    private func endHead() {
        if case .inHead(let deadline) = state { deadline.cancel() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .refused = state { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            endHead()
            // What stands behind the decoder does not see the host in a target.
            if RequestWatch.namesTwoHosts(head) {
                refuse(.badRequest, "The request names two hosts", context: context)
                return
            }
            if let fault = BodyFraming.fault(of: head) {
                refuse(fault.status, fault.reason, context: context)
                return
            }
            state = .inBody
            unansweredCount += 1
        case .body: break
        case .end: state = .idle
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unansweredCount -= 1 }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshaking = state, case .handshakeCompleted = event as? TLSUserEvent {
            state = .idle
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        endHead()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An answer to a request before this one would be torn.
        guard let error = error as? HTTPParserError, unansweredCount == 0 else {
            context.fireErrorCaught(error)
            return
        }
        endHead()
        switch error {
        case .headerOverflow:
            let reason = "The head of the request is too large"
            refuse(.requestHeaderFieldsTooLarge, reason, context: context)
        default: refuse(.badRequest, "This is not HTTP", context: context)
        }
    }

    /// Whether a target in absolute form, as a request to a proxy has it, contradicts the header.
    private static func namesTwoHosts(_ head: HTTPRequestHead) -> Bool {
        guard !head.uri.hasPrefix("/"), let scheme = head.uri.firstRange(of: "://") else {
            return false
        }
        let authority = head.uri[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return head.headers["Host"].first?.lowercased() != authority.lowercased()
    }

    /// Answers in the place of those behind it, unless that would tear an answer of theirs, and
    /// closes the connection.
    private func refuse(
        _ status: HTTPResponseStatus, _ reason: String, context: ChannelHandlerContext
    ) {
        state = .refused
        onRefusal(Int(status.code))
        guard unansweredCount == 0 else { return context.close(promise: nil) }
        let body = Answer(error: .invalidRequest(reason)).bytes
        let headers: HTTPHeaders = [
            "Connection": "close", "Content-Type": "application/json",
            "Content-Length": "\(body.count)", "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}

/// Tells a ``RequestWatch`` that bytes came.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let watch: RequestWatch

    init(_ watch: RequestWatch) {
        self.watch = watch
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        watch.noteBytes(context: context)
        context.fireChannelRead(data)
    }
}
