import WorkerProtocol

/// Reads a frame, a datagram and a report; what is read must be written as it was.
func tryFrames(_ input: [UInt8]) {
    if let message = try? TemplateMessage(input) {
        precondition(message.encoded() == input, "A datagram changes on its way.")
    }
    guard input.count >= Frame.headerByteCount,
        let (kind, byteCount) = try? Frame.parseHeader(Array(input.prefix(Frame.headerByteCount)))
    else { return }
    precondition(byteCount <= kind.payloadByteCountMax, "A frame is over its limit.")
    let payload = Array(input.dropFirst(Frame.headerByteCount).prefix(byteCount))
    let frame = Frame(kind: kind, payload: payload)
    if let reply = try? Reply(frame) {
        precondition(reply.frame == frame, "A reply changes on its way.")
    }
    if let request = try? Request(frame) {
        precondition(request.frame == frame, "A request changes on its way.")
    }
}
