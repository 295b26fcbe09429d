import Synchronization

/// Calls of tools that answer later, and what came of them, each for its time to live.
///
/// ``run()`` is to run as long as clients are served. Everything is in memory: what a server that
/// ends has not told is gone.
package final class TaskStore: Sendable {
    private struct Entry {
        var state: TaskState
        let cancellation: CancellationSignal
        let ending: TaskEnding
        let onEnd: @Sendable (TaskState) -> Void
    }

    private struct Job: Sendable {
        let id: String
        let cancellation: CancellationSignal
        let body: @Sendable () async -> ToolResult
    }

    /// A task whose work is about to begin.
    struct Beginning: Sendable {
        let state: TaskState
        /// For who waits until the task has ended.
        let ending: TaskEnding
    }

    let limits: TaskLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let entries = Mutex<[String: Entry]>([:])
    private let jobs: AsyncStream<Job>
    private let intake: AsyncStream<Job>.Continuation

    init(limits: TaskLimits, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.limits = limits
        self.now = now
        (jobs, intake) = AsyncStream.makeStream()
    }

    /// Does the tasks' work, until the current task is cancelled; what runs then is cancelled too.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { await self.perform(job) }
            }
            group.cancelAll()
        }
        intake.finish()
        // What was not begun has nobody who would end it.
        for id in entries.withLock({ Array($0.keys) }) { endWithServer(id) }
    }

    /// Starts a task; it can be asked for when this returns.
    ///
    /// - Parameters:
    ///   - timeToLive: what the client wants, as far as the limits allow it.
    ///   - onEnd: called once, when the task has ended; not if it was forgotten before.
    ///   - body: does the work, and tells on the way what it does; its task is cancelled when
    ///     nobody wants the result any more.
    /// - Throws: ``MCPError/busy(_:)``.
    func begin(
        for owner: TaskOwner, timeToLive: Duration?,
        onEnd: @escaping @Sendable (TaskState) -> Void = { _ in },
        _ body:
            @escaping @Sendable (_ tell: @escaping @Sendable (String) -> Void) async
            -> ToolResult
    ) throws(MCPError) -> Beginning {
        let id = TaskStore.randomID()
        let wall = UTCTime.nowMilliseconds()
        let wanted = timeToLive ?? limits.timeToLiveDefault
        let range = limits.timeToLive
        let state = TaskState(
            id: id, owner: owner, created: now(), createdAt: wall, updatedAt: wall,
            timeToLive: min(max(wanted, range.lowerBound), range.upperBound))
        let entry = Entry(
            state: state, cancellation: CancellationSignal(), ending: TaskEnding(), onEnd: onEnd)
        try entries.withLock { entries throws(MCPError) in
            try makeRoom(for: owner, in: &entries)
            entries[id] = entry
        }
        let job = Job(id: id, cancellation: entry.cancellation) { [self] in
            await body { message in self.update(id) { $0.message = message } }
        }
        if case .terminated = intake.yield(job) {
            entries.withLock { $0[id] = nil }
            throw .busy("The server is ending")
        }
        return Beginning(state: state, ending: entry.ending)
    }

    /// A task as it is now; nil where it never was, has expired, or is another's.
    func find(_ id: String, of owner: TaskOwner) -> TaskState? {
        let instant = now()
        return entries.withLock { entries in
            guard let entry = entries[id], entry.state.owner == owner else { return nil }
            guard !entry.state.isExpired(at: instant) else {
                entries[id] = nil
                return nil
            }
            return entry.state
        }
    }

    /// All tasks of a client, the oldest first.
    func all(of owner: TaskOwner) -> [TaskState] {
        let instant = now()
        return entries.withLock { entries in
            entries = entries.filter { !$0.value.state.isExpired(at: instant) }
            return entries.values.map(\.state).filter { $0.owner == owner }
                .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
        }
    }

    /// The end of a task, which stays to be had by who asked for it before; nil where there is no
    /// such task of this client's.
    func ending(of id: String, of owner: TaskOwner) -> TaskEnding? {
        find(id, of: owner).flatMap { state in entries.withLock { $0[state.id]?.ending } }
    }

    /// Ends a task that works; what it did afterwards is not told any more.
    ///
    /// - Returns: the task, cancelled or as it had ended before.
    func cancel(_ id: String, of owner: TaskOwner) -> TaskState? {
        guard find(id, of: owner) != nil else { return nil }
        return end(id, as: .cancelled, message: "The task was cancelled by request.")
    }

    /// Ends all tasks of a client that has gone.
    func cancelAll(of owner: TaskOwner) {
        for task in all(of: owner) where task.isWorking { _ = cancel(task.id, of: owner) }
    }

    /// Forgets a task: its client got the answer in another way, or never heard of it.
    func forget(_ id: String) {
        let entry = entries.withLock { $0.removeValue(forKey: id) }
        entry?.cancellation.send()
        entry?.ending.notify(entry?.state)
    }
}

extension TaskStore {
    private func perform(_ job: Job) async {
        let result = await withTaskGroup(of: ToolResult?.self) { group in
            group.addTask { await job.body() }
            group.addTask {
                await job.cancellation.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let result, !Task.isCancelled {
            _ = end(job.id, as: .ended(result), message: nil)
        } else {
            endWithServer(job.id)
        }
    }

    private func endWithServer(_ id: String) {
        _ = end(id, as: .cancelled, message: "The server ended.")
    }

    /// - Returns: the task after the change; nil if it had ended before.
    @discardableResult
    private func update(_ id: String, _ change: (inout TaskState) -> Void) -> TaskState? {
        let wall = UTCTime.nowMilliseconds()
        return entries.withLock { entries in
            guard var state = entries[id]?.state, state.isWorking else { return nil }
            change(&state)
            state.updatedAt = wall
            entries[id]?.state = state
            return state
        }
    }

    /// Only the first end counts.
    private func end(
        _ id: String, as status: TaskState.Status, message: String?
    ) -> TaskState? {
        let instant = now()
        var byteCount = 0
        if case .ended(let result) = status { byteCount = result.byteCount }
        let ended = update(id) { state in
            state.status = status
            state.message = message
            state.resultByteCount = byteCount
            // A task may take longer than its client wanted to keep it.
            let least = state.created.duration(to: instant) + limits.timeToFetch
            state.timeToLive = max(state.timeToLive, least)
            state.ended = instant
        }
        let entry = entries.withLock { entries in
            dropResults(from: &entries, before: id)
            return entries[id]
        }
        if let ended { entry?.onEnd(ended) }
        entry?.cancellation.send()
        entry?.ending.notify(entry?.state)
        return entry?.state
    }

    private func makeRoom(
        for owner: TaskOwner, in entries: inout [String: Entry]
    ) throws(MCPError) {
        let instant = now()
        entries = entries.filter { !$0.value.state.isExpired(at: instant) }
        let working = entries.values.count { $0.state.owner == owner && $0.state.isWorking }
        guard working < limits.workingCountMax else {
            throw .busy("\(working) tasks are running already; wait for one of them to end")
        }
        guard entries.count >= limits.countMax else { return }
        guard let oldest = TaskStore.oldestEnded(in: entries) else {
            throw .busy("The server has too many tasks; try again later")
        }
        entries[oldest] = nil
    }

    /// Keeps the results within their bound; the one that has just come stays, however large it is.
    private func dropResults(from entries: inout [String: Entry], before latest: String) {
        var byteCount = entries.values.reduce(0) { $0 + $1.state.resultByteCount }
        while byteCount > limits.resultByteCountMax,
            let oldest = TaskStore.oldestEnded(in: entries, but: latest)
        {
            byteCount -= entries[oldest]?.state.resultByteCount ?? 0
            entries[oldest] = nil
        }
    }

    private static func oldestEnded(
        in entries: [String: Entry], but latest: String? = nil
    ) -> String? {
        let ended = entries.values.compactMap { entry in
            entry.state.id == latest ? nil : entry.state.ended.map { (entry.state.id, $0) }
        }
        return ended.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// 128 random bits: who knows the id has been told it.
    private static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension ToolResult {
    /// What this result counts for where results are kept.
    fileprivate var byteCount: Int {
        JSON.object(json(for: .newestLegacy)).encoded().count
    }
}

/// The end of a task for those who wait for it: they hear of it whatever is kept.
final class TaskEnding: Sendable {
    private let signal = CancellationSignal()
    private let last = Mutex<TaskState?>(nil)

    /// The task as it ended; nil while it works.
    var state: TaskState? { last.withLock { $0 } }

    /// Waits until the task has ended or the current task is cancelled.
    func wait() async { await signal.wait() }

    fileprivate func notify(_ state: TaskState?) {
        last.withLock { $0 = $0 ?? state }
        signal.send()
    }
}
