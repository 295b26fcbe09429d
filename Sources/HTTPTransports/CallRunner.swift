import MCP

/// Runs the calls of all clients as children of one task, whatever becomes of their connections.
final class CallRunner: Sendable {
    private struct Job: Sendable {
        let pending: PendingAnswer
        let trace: RequestTrace?
        let notify: Notify
        let end: @Sendable (Answer?) -> Void
    }

    private let jobs: AsyncStream<Job>
    private let intake: AsyncStream<Job>.Continuation

    init() {
        (jobs, intake) = AsyncStream.makeStream()
    }

    /// Runs what is started until ``finish()``, and then until all has ended.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask {
                    let answer = await RequestTrace.$current.withValue(job.trace) {
                        await job.pending.run(notify: job.notify)
                    }
                    job.end(answer)
                }
            }
        }
    }

    /// Starts a call; `end` is called once, with nil where nobody wants an answer any more.
    func start(
        _ pending: PendingAnswer, notify: @escaping Notify,
        end: @escaping @Sendable (Answer?) -> Void
    ) {
        let result = intake.yield(
            Job(pending: pending, trace: RequestTrace.current, notify: notify, end: end))
        if case .terminated = result { end(nil) }
    }

    /// Nothing more is started.
    func finish() {
        intake.finish()
    }
}
