internal import NIOCore
internal import WorkerProtocol

/// Cuts the bytes of a worker into frames; a header over its limit is refused before anything is
/// buffered for it.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = Frame

    /// Judges what a header announces.
    var check: @Sendable (Frame.Kind, Int) throws -> Void = { _, _ in }

    mutating func decode(
        context: ChannelHandlerContext, buffer: inout ByteBuffer
    ) throws -> DecodingState {
        let headerByteCount = Frame.headerByteCount
        guard let header = buffer.getBytes(at: buffer.readerIndex, length: headerByteCount) else {
            return .needMoreData
        }
        let (kind, payloadByteCount) = try Frame.parseHeader(header)
        try check(kind, payloadByteCount)
        guard buffer.readableBytes >= headerByteCount + payloadByteCount else {
            return .needMoreData
        }
        buffer.moveReaderIndex(forwardBy: headerByteCount)
        let payload = buffer.readBytes(length: payloadByteCount) ?? []
        context.fireChannelRead(wrapInboundOut(Frame(kind: kind, payload: payload)))
        return .continue
    }
}

/// Takes frames and the channel's end to a conversation, and closes the channel when that tells so.
final class ConversationHandler: ChannelInboundHandler {
    typealias InboundIn = Frame

    private let conversation: WorkerConversation

    init(_ conversation: WorkerConversation) {
        self.conversation = conversation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch conversation.receive(unwrapInboundIn(data)) {
        case .listen: break
        case .hangUp: context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        conversation.end(.died)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Any other error is the channel's own: a worker that dies in the middle of a frame, or a
        // reset.
        if let error = error as? WireError { conversation.end(.violated(.malformed(error))) }
        if let error = error as? ProtocolViolation { conversation.end(.violated(error)) }
        context.close(promise: nil)
    }
}
