package import Heaps
package import Logging
package import NIOCore
import Synchronization
internal import WorkerProtocol

/// All workers of a server: spare ones, busy ones, and warm ones that hold a heap for its next run.
///
/// Their number is bounded, and a worker counts until its process was reaped. Starting workers
/// takes place in ``run()``.
package final class WorkerPool: Sendable {
    /// How many workers are measured at a time: it takes a fraction of a millisecond for each.
    private static let measuredCountMax = 64

    private let source: any WorkerSource
    private let eventLoops: any EventLoopGroup
    private let limits: ExecutionLimits
    private let timeline: Timeline
    private let logger: Logger
    private let events: ExecutionEvents
    private let state: Mutex<PoolState>
    private let starts: AsyncStream<UInt64>
    private let startsContinuation: AsyncStream<UInt64>.Continuation

    /// Makes a pool without workers.
    package init(
        source: any WorkerSource, eventLoops: any EventLoopGroup, limits: ExecutionLimits,
        timeline: Timeline, logger: Logger, events: ExecutionEvents = ExecutionEvents()
    ) {
        self.events = events
        self.source = source
        self.eventLoops = eventLoops
        self.limits = limits
        self.timeline = timeline
        self.logger = logger
        state = Mutex(PoolState(limits: limits))
        (starts, startsContinuation) = AsyncStream.makeStream()
    }

    /// How many processes there are, with those that start or end.
    package var workerCount: Int { state.withLock(\.workerCount) }

    /// How many of everything there are.
    package var census: PoolCensus { state.withLock(\.census) }

    /// What workers share.
    var sharedMemory: MemoryWatch.Shared {
        let workers = state.withLock(\.workers)
        let counts = workers.map { ($0.processID ?? 0, $0.sharedByteCount) }
        return MemoryWatch.Shared(
            codeByteCount: workers.map(\.codeByteCount).min() ?? 0,
            byteCounts: Dictionary(counts, uniquingKeysWith: max))
    }

    /// Whether all workers that there may be are in use.
    var isFull: Bool { state.withLock(\.isFull) }

    /// How many executions wait for a worker.
    package var waitingCount: Int { state.withLock(\.line.count) }

    /// Starts and ends workers as they are needed, until ``close()`` or cancellation.
    package func run() async {
        update { $0.wantSpares() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.retireIdle() }
            if let interval = limits.memoryInterval {
                // It reads files of the kernel's, which is not for event loops.
                group.addTask(executorPreference: globalConcurrentExecutor) {
                    await self.measure(every: interval)
                }
            }
            for await id in starts {
                group.addTask { await self.startWorker(id) }
            }
            close()
            group.cancelAll()
        }
    }

    /// Ends all workers and refuses those who wait.
    package func close() {
        let (turns, workers) = state.withLock { $0.close() }
        startsContinuation.finish()
        for turn in turns { turn.resume(returning: .failure(.shuttingDown)) }
        for worker in workers { worker.kill() }
    }

    /// The worker that holds this version of a heap live, if there is one.
    ///
    /// A warm worker of the heap that holds another version is of no use any more and is ended.
    package func takeWarm(
        _ name: HeapName, at version: HeapVersion?
    ) -> WorkerProcess? {
        var taken: WorkerProcess?
        update { taken = $0.takeWarm(name, at: version) }
        return taken
    }

    /// A worker that nobody has used; waits until there is one.
    ///
    /// - Throws: `busy` if too many wait already, `workerLost` if none can be started, `cancelled`.
    package func takeSpare() async throws(ExecutionFailure) -> WorkerProcess {
        let ticket = WaitTicket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                var refusal: ExecutionFailure?
                update { refusal = $0.join(turn, with: ticket) }
                if let refusal { turn.resume(returning: .failure(refusal)) }
            }
        } onCancel: {
            let turn = state.withLock { $0.line.leave(ticket) }
            turn?.resume(returning: .failure(.cancelled))
        }
        return try result.get()
    }

    /// Keeps a worker for the next run on the heap that it holds.
    package func keepWarm(_ worker: WorkerProcess, holding heap: LiveHeap) {
        let warm = PoolState.Warm(heap: heap, since: timeline.now)
        update { $0.keepWarm(worker, warm) }
    }

    /// Ends a worker that was taken.
    package func retire(_ worker: WorkerProcess) {
        update { $0.retire(worker.id) }
        // What it forked may live longer than it did.
        worker.kill()
    }

    private func startWorker(_ id: UInt64) async {
        do throws(ExecutionError) {
            let worker = try await WorkerProcess(
                id: id, from: source, on: eventLoops.next(),
                snapshotByteCountMax: limits.snapshotByteCountMax)
            update { $0.add(worker) }
            worker.closed.whenComplete { [weak self] _ in self?.update { $0.noteClosed(id) } }
            worker.exit.whenComplete { [weak self, worker] result in
                self?.update { $0.remove(id, after: (try? result.get()) ?? nil) }
            }
            worker.end.whenComplete { [weak self, worker] result in
                self?.noteEnd(of: worker, (try? result.get()) ?? nil)
            }
        } catch {
            logger.error("Worker not started", metadata: ["error": "\(error)"])
            var turns: [WaitLine<WorkerProcess>.Turn] = []
            update { turns = $0.noteStartFailure(id) }
            let failure = ExecutionFailure(.workerLost, "No worker could be started. \(error)")
            for turn in turns { turn.resume(returning: .failure(failure)) }
        }
    }

    private func noteEnd(of worker: WorkerProcess, _ exit: WorkerExit?) {
        guard let failure = worker.failure(exit) else { return }
        events.onWorkerFailure(failure)
        logger.log(
            level: failure.isAlarming ? .error : .warning, "Worker failed",
            metadata: [
                "worker.id": "\(worker.id)", "reason": "\(failure.rawValue)",
                "exit": "\(PostMortem(exit: exit, lastWords: LastWords([])).exitText)",
            ])
    }

    /// Keeps the memory of warm workers within its bound, and gives some up when the machine has
    /// none left.
    private func measure(every interval: Duration) async {
        let memory = MemoryOfProcesses()
        while (try? await timeline.sleep(until: timeline.now + interval)) != nil {
            let warm = state.withLock(\.warmWorkers)
            guard !warm.isEmpty else { continue }
            var byteCounts: [UInt64: Int] = [:]
            for worker in warm.shuffled().prefix(WorkerPool.measuredCountMax) {
                guard let processID = worker.processID else { continue }
                byteCounts[worker.id] = memory.privateByteCount(
                    of: processID, besides: worker.codeByteCount)
            }
            note(byteCounts: byteCounts, isShort: memory.isShort)
        }
    }

    /// Takes what was measured of warm workers, by id, and whether the machine is short of memory.
    func note(byteCounts: [UInt64: Int], isShort: Bool) {
        update { state in
            state.note(byteCounts: byteCounts)
            if isShort { state.retireOlderHalf() }
        }
        if isShort { logger.warning("Memory is short: warm workers are given up") }
    }

    /// Ends warm workers that nobody came back to.
    private func retireIdle() async {
        while true {
            // A worker that becomes warm later is due later than this, so nothing is missed.
            let due = state.withLock { $0.oldestWarm?.since } ?? timeline.now
            do { try await timeline.sleep(until: due + limits.warmIdle) } catch { return }
            let expiry = timeline.now - limits.warmIdle
            update { $0.retireWarm(notUsedSince: expiry) }
        }
    }

    /// Changes the state, and does outside of the lock what follows from the change.
    private func update(_ change: (inout PoolState) -> Void) {
        let consequences = state.withLock { state in
            change(&state)
            return state.balance()
        }
        for (turn, worker) in consequences.handed { turn.resume(returning: .success(worker)) }
        for worker in consequences.killed { worker.kill() }
        for id in consequences.started { startsContinuation.yield(id) }
    }
}
