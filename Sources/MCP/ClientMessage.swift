/// One message of a client, or a batch, that was read but not acted upon.
///
/// A transport over HTTP decides by it to which conversation the message belongs.
package struct ClientMessage {
    enum Content {
        case single(IncomingMessage)
        case batch([IncomingMessage])
    }

    let content: Content
    let context: MessageContext
    /// How the client speaks.
    package let era: Era

    /// Reads the text of one JSON value.
    ///
    /// - Throws: ``MCPError/malformedJSON(_:offset:)``.
    package init(
        parsing text: [UInt8], context: MessageContext, limits: JSONLimits
    ) throws(MCPError) {
        let json = try JSON(parsing: text.withoutByteOrderMark, limits: limits)
        self.context = context
        if case .array(let elements) = json {
            content = .batch(elements.map(IncomingMessage.init))
            era = context.era
        } else {
            let message = IncomingMessage(json)
            content = .single(message)
            era = Era(of: message, context: context)
        }
    }

    /// Whether it begins a legacy handshake.
    package var isInitialize: Bool {
        if case .single(let message) = content {
            era == .legacy && message.isInitialize
        } else {
            false
        }
    }
}

extension [UInt8] {
    /// Text without the mark that some programs put before all UTF-8 that they write.
    package var withoutByteOrderMark: [UInt8] {
        starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self
    }
}
