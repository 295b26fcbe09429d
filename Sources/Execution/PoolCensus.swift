/// How many of everything a pool of workers has at a moment.
package struct PoolCensus: Hashable, Sendable {
    /// Processes, with those that start or end.
    package var workerCount: Int
    /// Workers that somebody uses.
    package var busyCount: Int
    /// Workers that hold a heap for its next run.
    package var warmCount: Int
    /// Executions that wait for a worker.
    package var waitingCount: Int
    /// Executions that wait for their turn on a heap.
    package var waitingForHeapCount = 0
    /// Workers that were asked for since the pool was made.
    package var startCount: UInt64
    /// Workers that have ended since the pool was made.
    package var endCounts: [WorkerEndReason: Int]
    /// Bytes that warm workers have for themselves, as far as it was measured.
    package var warmByteCount = 0
    /// Heaps of which something is not stored yet.
    package var unwrittenCount = 0
    /// How often something could not be stored that was answered already.
    package var lossCount: UInt64 = 0
}

/// Why a worker's process ended.
package enum WorkerEndReason: String, CaseIterable, Sendable {
    /// It had done what it was started for, or its run was stopped.
    case used
    /// Nobody came back to its heap.
    case idle
    /// Another execution needed its place.
    case room
    /// Warm workers together took too much memory.
    case memory
    /// Its heap had moved on without it.
    case stale
    /// The server ends.
    case shutdown
    /// It ran out of memory.
    case outOfMemory = "out_of_memory"
    /// A signal ended it that the server did not send.
    case crashed
    /// It ended in another way.
    case other
}
