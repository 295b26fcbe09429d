/// How many of everything a pool of workers has at a moment.
package struct PoolCensus: Hashable, Sendable {
    /// Processes, with those that start or end.
    package var workerCount: Int
    /// Workers that hold a heap for its next run.
    package var warmCount: Int
    /// Executions that wait for a worker.
    package var waitingCount: Int
    /// Workers that were asked for since the pool was made.
    package var startCount: UInt64
}
