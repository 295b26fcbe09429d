import Dispatch
package import MCP
import Synchronization

/// Serves one client over two descriptors, one JSON-RPC message per line.
///
/// One thread reads and writes; the calls of tools run as tasks. Several are in flight at once, and
/// are answered in the order in which they end.
package final class StdioTransport: Sendable {
    private let conversation: Conversation
    /// Until ``run()`` takes them, which closes them when it returns.
    private let streams: Mutex<StdioStreams?>
    private let limits: StdioLimits
    private let lending: Lending
    private let outbox: Outbox

    /// Calls what it is given, on the same thread.
    package typealias Lending = @Sendable (() -> Void) -> Void

    /// Prepares to serve the client behind these streams.
    ///
    /// - Parameter lending: what the thread that reads takes messages in by; it may have the thread
    ///   run the calls that begin with them.
    /// - Throws: ``TransportError/systemCall(_:errno:)``.
    package init(
        server: MCPServer, streams: StdioStreams, limits: StdioLimits = StdioLimits(),
        lending: @escaping Lending = { $0() }
    ) throws(TransportError) {
        let outbox = try Outbox(writingTo: streams)
        conversation = Conversation(with: server, notify: { outbox.notify($0) })
        self.streams = Mutex(streams)
        self.limits = limits
        self.lending = lending
        self.outbox = outbox
    }

    /// Serves until the client has gone or the current task is cancelled; to be called once.
    ///
    /// When the input ends, what was asked for is still answered, as long as somebody reads.
    ///
    /// - Throws: ``TransportError``; ``TransportError/callsDidNotEnd(count:)`` if tools did not end
    ///   in time after they were cancelled.
    package func run() async throws(TransportError) {
        guard let streams = streams.withLock({ $0.take() }) else {
            preconditionFailure("A stdio transport runs once")
        }
        let (pendingAnswers, intake) = AsyncStream<PendingAnswer>.makeStream()
        // No child of this task: a tool that ignores its cancellation must not keep a process alive
        // that its client wants to end. The loop waits for it as long as the limits say.
        Task(executorPreference: conversation.server.executor) { [outbox] in
            await withDiscardingTaskGroup { group in
                for await pending in pendingAnswers {
                    group.addTask {
                        let answer = await pending.run { outbox.notify($0) }
                        outbox.endCall(answer: answer?.bytes)
                    }
                }
            }
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A queue of its own has a thread of its own, which may block.
                DispatchQueue(label: "mcp-v8.stdio").async { [self] in
                    var loop = StdioLoop(
                        conversation: conversation, streams: streams, outbox: outbox,
                        limits: limits, intake: intake, lending: lending)
                    continuation.resume(returning: loop.run())
                }
            }
        } onCancel: { [outbox] in
            outbox.stop()
        }
        try result.get()
    }
}
