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
    let address: ClientAddress
    private let state = Mutex(State.open(onClose: nil))

    init(_ channel: any Channel) {
        self.channel = channel
        address = ClientAddress(channel.remoteAddress)
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

    func noteClosed() {
        let last = state.withLock { state in
            defer { state = .closed }
            return state
        }
        if case .open(let action?) = last { action() }
    }
}

/// Notices that a client closes its side: the end of the file is all that one sees of it while a
/// response is awaited.
final class CloseNotice: ChannelInboundHandler {
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
