internal import Execution
internal import HTTPTransports
internal import Heaps
internal import Metrics

/// What has happened since the server started, in numbers; docs/reference/metrics.md says which.
struct ServerMetrics: Sendable {
    private let registry: PrometheusRegistry
    private let executionSeconds: Timer
    private let evaluationSeconds: Timer
    private let snapshotBytes: Recorder

    init() {
        let registry = PrometheusRegistry()
        self.registry = registry
        executionSeconds = Timer(
            label: MetricName.executionSeconds.rawValue, dimensions: [], factory: registry)
        evaluationSeconds = Timer(
            label: MetricName.evaluationSeconds.rawValue, dimensions: [], factory: registry)
        snapshotBytes = Recorder(label: MetricName.snapshotBytes.rawValue, factory: registry)
    }

    /// Notes an execution.
    func note(_ report: ExecutionReport) {
        count(.executions, [("outcome", report.outcome.name)])
        executionSeconds.record(duration: report.statistics.duration)
        if let evaluation = report.statistics.evaluation {
            evaluationSeconds.record(duration: evaluation)
        }
        if let count = report.statistics.snapshotByteCount { snapshotBytes.record(count) }
    }

    /// What the execution of scripts is to tell of.
    var events: ExecutionEvents {
        // All of them from the start: an alarm sees a first one only where there was a nought.
        for failure in WorkerFailure.allCases {
            count(.workerFailures, [("reason", failure.rawValue)], by: 0)
        }
        count(.heapsQuarantined, [], by: 0)
        var events = ExecutionEvents()
        events.onWorkerFailure = { count(.workerFailures, [("reason", $0.rawValue)]) }
        events.onQuarantine = { count(.heapsQuarantined, []) }
        return events
    }

    /// Notes a request over HTTP.
    func note(_ outcome: HTTPProbes.Outcome) {
        count(.httpResponses, [("status", "\(outcome.status)")])
        if let duration = outcome.duration { time(.httpSeconds, duration) }
        if let cause = outcome.cause { count(.httpRefusals, [("reason", cause.rawValue)]) }
    }

    /// Notes a connection that was closed as soon as it came.
    func noteRefusedConnection() {
        count(.httpRefusals, [("reason", Refusal.Cause.connections.rawValue)])
    }

    /// How a use of the storage went.
    enum StorageOutcome: String {
        case ok
        case error
    }

    /// Notes a use of the storage.
    func noteStorage(_ operation: String, _ outcome: StorageOutcome, _ duration: Duration) {
        count(.storageOperations, [("operation", operation), ("outcome", outcome.rawValue)])
        time(.storageSeconds, duration, [("operation", operation)])
    }

    /// What is counted elsewhere, as it is now.
    struct Sample {
        var pool: PoolCensus
        var templateStartCount: Int
        /// Whether nothing is written any more.
        var isReadOnly: Bool
        /// Nil where there is no cache.
        var cache: CacheCounts?
        var connectionCount: Int
        var requestCount: Int
        var sessionCount: Int
    }

    /// All of it, in the text format of Prometheus.
    func text(with sample: Sample) -> String {
        registry.set(.executionsWaiting, to: Double(sample.pool.waitingCount))
        registry.set(.executionsWaitingForHeap, to: Double(sample.pool.waitingForHeapCount))
        registry.set(.workers, to: Double(sample.pool.workerCount))
        registry.set(.workersBusy, to: Double(sample.pool.busyCount))
        registry.set(.workersWarm, to: Double(sample.pool.warmCount))
        registry.set(.workersWarmBytes, to: Double(sample.pool.warmByteCount))
        registry.set(.heapsUnwritten, to: Double(sample.pool.unwrittenCount))
        registry.set(.heapsLost, to: Double(sample.pool.lossCount))
        registry.set(.workerStarts, to: Double(sample.pool.startCount))
        for reason in WorkerEndReason.allCases {
            let count = sample.pool.endCounts[reason, default: 0]
            registry.set(.workerEnds, [("reason", reason.rawValue)], to: Double(count))
        }
        registry.set(.templateStarts, to: Double(sample.templateStartCount))
        registry.set(.storageReadOnly, to: sample.isReadOnly ? 1 : 0)
        if let cache = sample.cache {
            registry.set(.cacheReads, [("result", "hit")], to: Double(cache.hitCount))
            registry.set(.cacheReads, [("result", "miss")], to: Double(cache.missCount))
            registry.set(.cacheEvictions, to: Double(cache.evictionCount))
            registry.set(.cacheBytes, to: Double(cache.byteCount))
        }
        registry.set(.httpConnections, to: Double(sample.connectionCount))
        registry.set(.httpRequests, to: Double(sample.requestCount))
        registry.set(.httpSessions, to: Double(sample.sessionCount))
        return registry.text
    }

    private func count(_ name: MetricName, _ dimensions: [(String, String)], by count: Int = 1) {
        Counter(label: name.rawValue, dimensions: dimensions, factory: registry)
            .increment(by: count)
    }

    private func time(
        _ name: MetricName, _ duration: Duration, _ dimensions: [(String, String)] = []
    ) {
        Timer(label: name.rawValue, dimensions: dimensions, factory: registry)
            .record(duration: duration)
    }
}
