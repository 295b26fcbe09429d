internal import Heaps
import Synchronization

/// Something that storage does, and that its caller need not wait for to the end.
///
/// What hangs cannot be stopped: it goes on by itself, and nobody hears of it.
struct StorageWait: Sendable {
    /// Lets the caller go.
    fileprivate let abandon: @Sendable () -> Void
}

/// The one thing of storage that an execution waits for.
final class StorageWaits: Sendable {
    private let current = Mutex<StorageWait?>(nil)

    /// Whether something is waited for.
    var isWaiting: Bool { current.withLock { $0 != nil } }

    /// Lets the caller go on without what it waits for.
    func abandon() {
        current.withLock { $0.take() }?.abandon()
    }

    /// Waits for `body`, or until that is abandoned: it is `cancelled` then, and so is its task.
    ///
    /// - Parameter isOver: whether that has come already, asked once ``abandon()`` has an effect.
    func wait<Value: Sendable>(
        on executor: EventLoopExecutor, isOver: () -> Bool,
        _ body: @escaping @Sendable () async -> Result<Value, ExecutionFailure>
    ) async -> Result<Value, ExecutionFailure> {
        let outcome = StorageOutcome<Value>()
        let result = await withCheckedContinuation { continuation in
            outcome.wait(continuation)
            let task = Task(executorPreference: executor) { outcome.end(await body()) }
            let wait = StorageWait {
                outcome.end(.failure(.cancelled))
                task.cancel()
            }
            current.withLock { $0 = wait }
            if isOver() { abandon() }
        }
        current.withLock { $0 = nil }
        return result
    }
}

/// The first of two ends, of something and of waiting for it.
private final class StorageOutcome<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, ExecutionFailure>

    private let continuation = Mutex<CheckedContinuation<Outcome, Never>?>(nil)

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation.withLock { $0 = continuation }
    }

    func end(_ outcome: Outcome) {
        continuation.withLock { $0.take() }?.resume(returning: outcome)
    }
}

extension ExecutionFailure {
    /// The deadline came while something was read.
    static func storageSilent(_ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The storage did not answer within \(timeout.inSeconds), and nothing was begun: the "
                + "heap is as it was. Try again later.")
    }

    /// The deadline came before a run's version was in its place, where it will not come any more.
    static func notStored(_ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The storage did not take the heap within \(timeout.inSeconds): nothing of this run "
                + "was kept, and the heap is as it was before. Try again later.")
    }

    /// The deadline came while the heap's name was moved.
    static func storedPerhaps(_ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The storage did not say within \(timeout.inSeconds) whether it took the heap: what "
                + "this run did may or may not have been stored. The next run on the heap starts "
                + "from what became of it; look at it (heap_history) before you do this again.")
    }

    /// The deadline came while something else was done to a heap.
    static func donePerhaps(_ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The storage did not answer within \(timeout.inSeconds): whether it was done is not "
                + "known. Look (list_heaps, heap_history) before you do it again.")
    }

    /// The deadline came while the storage was busy with the heap for somebody else.
    static func heapInStorage(_ name: HeapName, _ timeout: Duration) -> ExecutionFailure {
        ExecutionFailure(
            .storage,
            "The storage has not done yet what an earlier call asked of heap \(name), and this "
                + "call was not begun within \(timeout.inSeconds): nothing of it was done. Try "
                + "again later.")
    }
}
