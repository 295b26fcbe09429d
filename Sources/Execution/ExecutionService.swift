package import Heaps
package import Logging
package import NIOCore
import Synchronization
package import WorkerProtocol

/// Runs code, on heaps and without.
///
/// One execution at a time has a heap, many heaps run in parallel, and every wait is bounded.
/// ``run()`` is to run as long as executions are asked for.
package final class ExecutionService: Sendable {
    fileprivate enum Lifecycle {
        /// Accepts executions. Next: `draining`.
        case running(executionCount: Int)
        /// Finishes what it has. Terminal.
        case draining(executionCount: Int)
    }

    let repository: HeapRepository
    let source: any WorkerSource
    let pool: WorkerPool
    let queue: HeapQueue
    let unwritten: UnwrittenHeaps
    let suspects = SuspectVersions()
    let limits: ExecutionLimits
    let timeline: Timeline
    let deadlines: Deadlines
    let executor: EventLoopExecutor
    let logger: Logger
    let events: ExecutionEvents
    private let lifecycle = Mutex(Lifecycle.running(executionCount: 0))
    private let idle: AsyncStream<Never>
    private let idleContinuation: AsyncStream<Never>.Continuation

    /// Makes a service; nothing is started yet.
    package init(
        repository: HeapRepository, source: any WorkerSource, limits: ExecutionLimits,
        eventLoops: any EventLoopGroup, timeline: Timeline, logger: Logger,
        events: ExecutionEvents = ExecutionEvents()
    ) {
        self.events = events
        self.repository = repository
        self.source = source
        self.limits = limits
        self.timeline = timeline
        deadlines = Deadlines(timeline: timeline)
        executor = EventLoopExecutor(eventLoops)
        self.logger = logger
        queue = HeapQueue(waitingCountMax: limits.queueCountMax, timeline: timeline)
        pool = WorkerPool(
            source: source, eventLoops: eventLoops, limits: limits, timeline: timeline,
            logger: logger, events: events)
        unwritten = UnwrittenHeaps(
            repository: repository, pool: pool, limits: limits, timeline: timeline,
            logger: logger)
        (idle, idleContinuation) = AsyncStream.makeStream()
    }

    /// Whether executions are accepted.
    package var isAccepting: Bool {
        lifecycle.withLock { if case .running = $0 { true } else { false } }
    }

    /// How many workers there are, and how many executions wait for one, or for their heap.
    package var census: PoolCensus {
        var census = pool.census
        census.waitingForHeapCount = queue.waitingCount
        census.unwrittenCount = unwritten.count
        census.lossCount = unwritten.lossCount
        return census
    }

    /// Keeps the workers, until ``shutdown()`` or cancellation.
    package func run() async {
        await withDiscardingTaskGroup { group in
            if limits.durability == .relaxed { group.addTask { await self.unwritten.watch() } }
            await pool.run()
            group.cancelAll()
        }
        await source.close()
    }

    /// Refuses new executions, waits a bounded time for those that run, and ends the rest.
    package func shutdown() async {
        lifecycle.withLock { $0.drain() }
        finishIfIdle()
        let limit = timeline.now + limits.drainTimeout
        let (ended, ending) = AsyncStream<Never>.makeStream()
        // Not a child: storage that hangs does not keep the server from its end.
        let waiting = Task { [idle, unwritten] in
            for await _ in idle {}
            await unwritten.drain()
            ending.finish()
        }
        await withTaskGroup { group in
            group.addTask { for await _ in ended {} }
            group.addTask { [timeline] in
                // Cancelled as soon as there is nothing to wait for.
                do { try await timeline.sleep(until: limit) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
        waiting.cancel()
        deadlines.end()
        pool.close()
    }

    /// Runs a script and tells what came of it.
    ///
    /// Cancelling the task ends the run: the report says `cancelled`, and the heap is as it was
    /// before, unless its next version was being stored already.
    ///
    /// - Parameter onConsole: called in order for each line that is printed, while the script runs;
    /// must not block.
    package func execute(
        _ request: ExecutionRequest,
        onConsole: @escaping @Sendable (ConsoleLine) -> Void = { _ in }
    ) async -> ExecutionReport {
        let running = RunningExecution(
            timeout: request.timeout ?? limits.timeoutDefault, timeoutMax: limits.timeoutMax,
            killGrace: limits.killGrace, timeline: timeline, deadlines: deadlines)
        var report = ExecutionReport(id: running.id, outcome: .failure(.shuttingDown))
        if let failure = refusal(of: request) {
            report.outcome = .failure(failure)
        } else if lifecycle.withLock({ $0.begin() }) {
            report = await running.stoppingAtDeadline(on: executor) {
                await self.perform(request, running, onConsole: onConsole)
            }
            lifecycle.withLock { $0.end() }
            finishIfIdle()
        }
        report.statistics.duration = timeline.now - running.arrival
        log(report, of: request)
        return report
    }

    /// Does something that is no execution, and that a shutdown waits for.
    func counted<Result>(
        _ body: () async throws(ExecutionFailure) -> Result
    ) async throws(ExecutionFailure) -> Result {
        guard lifecycle.withLock({ $0.begin() }) else { throw .shuttingDown }
        defer {
            lifecycle.withLock { $0.end() }
            finishIfIdle()
        }
        return try await body()
    }

    private func perform(
        _ request: ExecutionRequest, _ running: RunningExecution,
        onConsole: @escaping @Sendable (ConsoleLine) -> Void
    ) async -> ExecutionReport {
        var run = Run(request, running, in: self, onConsole: onConsole)
        do throws(ExecutionFailure) {
            run.report.outcome = try await run.perform()
        } catch {
            run.report.outcome = .failure(running.cause(of: error))
        }
        return run.report
    }

    /// Why a request cannot be carried out whatever the state of things; nil if it can.
    private func refusal(of request: ExecutionRequest) -> ExecutionFailure? {
        let byteCount = request.code.utf8.count
        if byteCount > limits.codeByteCountMax {
            return ExecutionFailure(
                .invalid,
                "The code has \(byteCount) bytes; at most \(limits.codeByteCountMax) are allowed.")
        }
        if let timeout = request.timeout, timeout <= .zero || timeout > limits.timeoutMax {
            return ExecutionFailure(
                .invalid,
                "A timeout of \(timeout.inSeconds) is not allowed; it must be more than 0 s and "
                    + "at most \(limits.timeoutMax.inSeconds).")
        }
        return nil
    }

    private func finishIfIdle() {
        let isIdle = lifecycle.withLock { if case .draining(0) = $0 { true } else { false } }
        if isIdle { idleContinuation.finish() }
    }

    /// Sizes and times of what ran, and never what it was.
    private func log(_ report: ExecutionReport, of request: ExecutionRequest) {
        guard logger.logLevel <= .info else { return }
        let statistics = report.statistics
        var metadata: Logger.Metadata = [
            "execution.id": "\(report.id)",
            "outcome": "\(report.outcome.name)",
            "duration.ms": .milliseconds(statistics.duration),
            "code.bytes": .stringConvertible(request.code.utf8.count),
            "console.bytes": .stringConvertible(report.console.byteCount),
        ]
        if let heap = report.heap { metadata["heap.name"] = "\(heap)" }
        if let version = report.version { metadata["heap.version"] = "\(version.short)" }
        metadata["evaluation.ms"] = statistics.evaluation.map { .milliseconds($0) }
        metadata["heap.bytes"] = statistics.heapByteCount.map { .stringConvertible($0) }
        metadata["snapshot.bytes"] = statistics.snapshotByteCount.map { .stringConvertible($0) }
        if case .value(let value) = report.outcome {
            let count = value.json?.count ?? value.text.utf8.count
            metadata["result.bytes"] = .stringConvertible(count)
        }
        logger.info("Execution ended", metadata: metadata)
    }
}

extension ExecutionService.Lifecycle {
    fileprivate mutating func begin() -> Bool {
        guard case .running(let count) = self else { return false }
        self = .running(executionCount: count + 1)
        return true
    }

    fileprivate mutating func end() {
        switch self {
        case .running(let count): self = .running(executionCount: count - 1)
        case .draining(let count): self = .draining(executionCount: count - 1)
        }
    }

    fileprivate mutating func drain() {
        guard case .running(let count) = self else { return }
        self = .draining(executionCount: count)
    }
}

extension ExecutionOutcome {
    /// One word for it, in logs and metrics.
    package var name: String {
        switch self {
        case .value: "value"
        case .failure(let failure): failure.kind.rawValue
        }
    }
}

extension Logger.MetadataValue {
    /// A duration as a number, to the microsecond.
    fileprivate static func milliseconds(_ duration: Duration) -> Logger.MetadataValue {
        .stringConvertible((duration / .microseconds(1)).rounded() / 1000)
    }
}
