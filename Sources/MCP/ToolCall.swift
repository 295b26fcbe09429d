/// One call of a tool that was admitted and waits to run.
struct ToolCall: Sendable {
    let request: Request
    let revision: ProtocolRevision
    let tool: Tool
    let arguments: JSONObject
    let cancellation: CancellationSignal
    let conversation: Conversation

    /// Runs the tool.
    ///
    /// - Returns: nil if the call was cancelled; the tool has ended then too.
    func run(notify: @escaping Notify) async -> Answer? {
        let server = conversation.server
        let progress = request.progressToken.map {
            ProgressReporter(token: $0, revision: revision, now: server.now, notify: notify)
        }
        let result = await RequestTrace.$current.withValue(trace) {
            await withTaskGroup(of: ToolResult?.self) { group in
                group.addTask { await tool.call(arguments, ToolContext(progress: progress)) }
                group.addTask {
                    await cancellation.wait()
                    return nil
                }
                let first = await group.next() ?? nil
                progress?.close()
                group.cancelAll()
                return first
            }
        }
        conversation.endCall(request.id)
        guard let result, !Task.isCancelled else { return nil }
        return Answer(
            id: request.id, result: server.complete(result.json(for: revision), for: revision))
    }

    /// The transport's, with the caller's place in a trace as the message itself names it.
    private var trace: RequestTrace? {
        guard let parent = request.meta(.traceparent)?.string.flatMap({ TraceParent($0) }) else {
            return RequestTrace.current
        }
        return RequestTrace(requestID: RequestTrace.current?.requestID, parent: parent)
    }
}

/// Tells one call, from anywhere, that nobody wants its answer.
struct CancellationSignal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send() {
        continuation.finish()
    }

    /// Returns when the signal was sent, or the current task is cancelled.
    func wait() async {
        for await _ in stream {}
    }
}
