import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// A client's connection, as far as those who serve its requests must know of it.
final class Connection: Sendable {
    private enum State {
        /// The client may be there; with what to do when it goes. Next: `closed`.
        case open(onClose: (@Sendable () -> Void)?)
        /// The client has closed its side, or all of it. Terminal.
        case closed
    }

    let channel: any Channel
    private let state = Mutex(State.open(onClose: nil))

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Has something done once when the client goes, at once if it has gone; it replaces what was
    /// to be done before, as one request comes after the other.
    func whenClosed(_ action: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            guard case .open = state else { return true }
            state = .open(onClose: action)
            return false
        }
        if isClosed { action() }
    }

    /// Forgets what was to be done.
    func forgetAction() {
        state.withLock { if case .open = $0 { $0 = .open(onClose: nil) } }
    }

    fileprivate func noteClosed() {
        let last = state.withLock { state in
            defer { state = .closed }
            return state
        }
        if case .open(let action?) = last { action() }
    }
}

/// Notices that a client closes its side: the end of the file is all that one sees of it while a
/// response is awaited.
private final class CloseNotice: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { connection.noteClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.noteClosed()
        context.fireChannelInactive()
    }
}

/// Connections over which HTTP/1.1 is spoken.
struct ConnectionSetup: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let connection: Connection

        var channel: any Channel { http.channel }
    }

    typealias Respond =
        @Sendable (Request, consuming ResponseWriter, Connection) async throws -> Void

    let limits: HTTPLimits
    let respond: Respond

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1 { _, _, _ in }.setup(channel: channel, logger: logger).flatMapThrowing { http in
            let connection = Connection(channel)
            try channel.pipeline.syncOperations.addHandler(
                CloseNotice(connection), position: .first)
            try channel.syncOptions?.setOption(
                .tcpOption(.userTimeout), value: Int(limits.writeStall / .milliseconds(1)))
            return Value(http: http, connection: connection)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http1 { [respond] request, writer, _ in
            try await respond(request, writer, value.connection)
        }.handle(value: value.http, logger: logger)
    }

    private func http1(_ responder: @escaping HTTP1Channel.Responder) -> HTTP1Channel {
        HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.connectionIdle),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerByteCountMax,
                    maxHeaderListSize: limits.headersByteCountMax,
                    maxHeaderFieldCount: limits.headerCountMax)))
    }
}

extension NIOBSDSocket.Option {
    /// `TCP_USER_TIMEOUT`: how long the kernel waits for the other side to take what was written.
    fileprivate static let userTimeout = NIOBSDSocket.Option(rawValue: 18)
}
