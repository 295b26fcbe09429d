/// Hands one notification over to the client.
///
/// It does not wait, so it may be called anywhere; a transport drops what its client is too slow
/// for.
package typealias Notify = @Sendable (_ notification: [UInt8]) -> Void

/// What follows from one message of a client.
///
/// All that can be refused is refused before there is an exchange to run, so a transport over HTTP
/// knows the status before it sends a byte.
package struct Exchange: Sendable {
    /// How the server answers.
    package enum Reply: Sendable {
        /// With nothing: it was a notification, or an answer to nothing.
        case silence
        /// With this.
        case answer(Answer)
        /// With what tools say when they have run.
        case pending(PendingAnswer)
    }

    /// How the client spoke.
    package let era: Era
    /// How the server answers.
    package let reply: Reply
}

/// One whole answer, or the array of answers to a batch.
package struct Answer: Sendable {
    /// The JSON text, on one line and without a line break.
    package let bytes: [UInt8]
    /// The HTTP status that goes with it; other transports have no use for it.
    package let httpStatus: Int

    init(bytes: [UInt8], httpStatus: Int = 200) {
        self.bytes = bytes
        self.httpStatus = httpStatus
    }

    init(id: RequestID, result: JSON) {
        let answer: JSON = ["jsonrpc": "2.0", "id": id.json, "result": result]
        self.init(bytes: answer.encoded())
    }

    /// Makes an answer for a message that cannot be served.
    package init(error: MCPError, id: RequestID? = nil, era: Era = .legacy) {
        let answer: JSON = ["jsonrpc": "2.0", "id": id?.json ?? .null, "error": error.json]
        self.init(bytes: answer.encoded(), httpStatus: error.httpStatus(in: era))
    }

    /// Makes the answer to a batch.
    init(batch answers: [Answer]) {
        var bytes = [UInt8(ascii: "[")]
        for (index, answer) in answers.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += answer.bytes
        }
        bytes.append(UInt8(ascii: "]"))
        self.init(bytes: bytes)
    }
}

/// An answer that needs tools to run.
package struct PendingAnswer: Sendable {
    enum Content {
        case single(ToolCall)
        case wait(TaskWait)
        case batch([Exchange.Reply])
    }

    let content: Content

    /// Runs the tools; to be called exactly once.
    ///
    /// When the current task is cancelled, so are the tools. Nothing reaches `notify` after the
    /// call that it belongs to was answered or cancelled.
    ///
    /// - Returns: nil where the client does not want the answer any more.
    package func run(notify: @escaping Notify) async -> Answer? {
        switch content {
        case .single(let call): return await call.run(notify: notify)
        case .wait(let wait): return await wait.run()
        case .batch(let replies):
            let answers = await withTaskGroup(of: (Int, Answer)?.self) { group in
                for (index, reply) in replies.enumerated() {
                    group.addTask { await reply.run(notify: notify).map { (index, $0) } }
                }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            let inOrder = answers.sorted { $0.0 < $1.0 }.map(\.1)
            return inOrder.isEmpty ? nil : Answer(batch: inOrder)
        }
    }
}

extension Exchange.Reply {
    /// Runs the tools that this reply needs, if any.
    ///
    /// - Returns: nil where there is nothing to say.
    package func run(notify: @escaping Notify) async -> Answer? {
        switch self {
        case .silence: nil
        case .answer(let answer): answer
        case .pending(let pending): await pending.run(notify: notify)
        }
    }
}
