import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

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
    let census: ConnectionCensus
    let tls: TLSIdentity?
    let probes: HTTPProbes
    let respond: Respond

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let connection = Connection(channel)
        guard census.enter(connection.address) else {
            probes.onRefusedConnection()
            return channel.close().flatMapThrowing { throw ChannelError.alreadyClosed }
        }
        channel.closeFuture.whenComplete { [census] _ in census.leave(connection.address) }
        return channel.eventLoop.makeCompletedFuture { try addTLS(to: channel) }.flatMap {
            http1 { _, _, _ in }.setup(channel: channel, logger: logger)
        }.flatMapThrowing { http in
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(CloseNotice(connection), position: .first)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let watch = RequestWatch(
                after: tls == nil ? .nothing : .handshake, headTimeout: limits.headTimeout
            ) { [probes] status in
                probes.onOutcome(HTTPProbes.Outcome(status: status))
            }
            try pipeline.addHandler(watch, position: .after(decoder))
            try pipeline.addHandler(ByteWatch(watch), position: .before(decoder))
            if tls != nil { try pipeline.addHandler(ByteWatch(watch), position: .first) }
            try channel.syncOptions?.setOption(
                .tcpOption(.userTimeout), value: Int(limits.writeStall / .milliseconds(1)))
            return Value(http: http, connection: connection)
        }
    }

    private func addTLS(to channel: any Channel) throws {
        guard let tls else { return }
        try channel.pipeline.syncOperations.addHandlers([
            NIOSSLServerHandler(context: tls.context), HandshakeDeadline(limits.handshakeTimeout),
        ])
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
