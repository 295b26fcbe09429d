internal import Dispatch
import Synchronization

/// Threads for what the file system may hold up for as long as it likes.
///
/// They are made as they are needed, up to a number that only a file system that hangs comes to. In
/// a *lane* one thing is done at a time: whoever waits for a lock, or a file, holds up nobody who
/// wants another, and has one thread at most.
package final class StorageThreads: Sendable {
    private struct Job {
        let id: UInt64
        let lane: String
        let body: @Sendable () -> Void
    }

    private struct State {
        var threadCount = 0
        /// Threads that have nothing to do.
        var idle: [DispatchQueue] = []
        var busyLanes: Set<String> = []
        var waiting: [Job] = []
        var lastID: UInt64 = 0

        /// The first that may be done now.
        mutating func takeNext() -> Job? {
            let index = waiting.firstIndex { !busyLanes.contains($0.lane) }
            guard let index else { return nil }
            let job = waiting.remove(at: index)
            busyLanes.insert(job.lane)
            return job
        }

        mutating func takeThread(_ countMax: Int) -> DispatchQueue? {
            if let thread = idle.popLast() { return thread }
            guard threadCount < countMax else { return nil }
            threadCount += 1
            // A queue of its own has a thread of its own while it is busy.
            return DispatchQueue(label: "mcp-v8.storage")
        }
    }

    private let countMax: Int
    private let state = Mutex(State())

    /// Makes no thread yet.
    package init(countMax: Int = 64) {
        self.countMax = countMax
    }

    /// Does something on one of the threads. Once begun it goes on to its end, whatever becomes of
    /// the caller's task; it is not begun for a caller whose task was cancelled.
    ///
    /// - Throws: `body`'s error; or ``HeapError/storageBusy(path:)`` if it was not begun.
    func run<Result: Sendable>(
        lane: String, _ body: @escaping @Sendable () throws(HeapError) -> Result
    ) async throws(HeapError) -> Result {
        let turn = Turn<Result>()
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                turn.wait(continuation)
                let job = Job(id: id, lane: lane) { turn.end(Swift.Result(catching: body)) }
                state.withLock { $0.waiting.append(job) }
                // Cancelled before it was in line: there was nothing to withdraw.
                if Task.isCancelled { withdraw(id, turn) }
                start()
            }
        } onCancel: {
            withdraw(id, turn)
        }
        return try result.get()
    }

    private func withdraw(_ id: UInt64, _ turn: Turn<some Sendable>) {
        let isWithdrawn = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return false }
            state.waiting.remove(at: index)
            return true
        }
        if isWithdrawn { turn.end(.failure(.storageBusy(path: "the storage's threads"))) }
    }

    /// Gives what waits to threads that are free.
    private func start() {
        let started = state.withLock { state -> [(DispatchQueue, Job)] in
            var started: [(DispatchQueue, Job)] = []
            while let thread = state.takeThread(countMax) {
                guard let job = state.takeNext() else {
                    state.idle.append(thread)
                    break
                }
                started.append((thread, job))
            }
            return started
        }
        for (thread, job) in started { thread.async { self.work(job, on: thread) } }
    }

    private func work(_ first: Job, on thread: DispatchQueue) {
        var job = first
        while true {
            job.body()
            let next = state.withLock { state in
                state.busyLanes.remove(job.lane)
                let next = state.takeNext()
                if next == nil { state.idle.append(thread) }
                return next
            }
            guard let next else { return }
            job = next
        }
    }
}

/// Who waits for the end of something; the first end counts.
private final class Turn<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, HeapError>

    private let continuation = Mutex<CheckedContinuation<Outcome, Never>?>(nil)

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation.withLock { $0 = continuation }
    }

    func end(_ outcome: Outcome) {
        continuation.withLock { $0.take() }?.resume(returning: outcome)
    }
}
