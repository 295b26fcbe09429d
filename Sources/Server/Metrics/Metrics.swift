internal import Execution
internal import Synchronization

/// What has happened since the server started, in numbers.
///
/// The names are documented in docs/reference/metrics.md.
final class Metrics: Sendable {
    private struct State {
        var executions: [String: Int] = [:]
        var durations = Histogram()
        var responses: [Int: Int] = [:]
        var storageOperations: [StorageOperation: Int] = [:]
        var workerFailures: [WorkerFailure: Int] = [:]
        var quarantineCount = 0
    }

    /// One kind of use of the storage, and whether it went well.
    struct StorageOperation: Hashable {
        enum Outcome: String {
            case ok
            case error
        }

        let name: String
        let outcome: Outcome
    }

    private let state = Mutex(State())

    func note(_ report: ExecutionReport) {
        state.withLock { state in
            state.executions[report.outcome.name, default: 0] += 1
            state.durations.add(report.statistics.duration / .seconds(1))
        }
    }

    func noteResponse(status: Int) {
        state.withLock { $0.responses[status, default: 0] += 1 }
    }

    func note(_ operation: StorageOperation) {
        state.withLock { $0.storageOperations[operation, default: 0] += 1 }
    }

    /// What the execution of scripts is to tell of.
    var events: ExecutionEvents {
        var events = ExecutionEvents()
        events.onWorkerFailure = { [self] failure in
            state.withLock { $0.workerFailures[failure, default: 0] += 1 }
        }
        events.onQuarantine = { [self] in state.withLock { $0.quarantineCount += 1 } }
        return events
    }

    /// All of it, in the text format of Prometheus.
    func text(with census: PoolCensus) -> String {
        let state = state.withLock { $0 }
        var text = PrometheusText()
        text.add(
            "mcp_v8_executions_total", .counter, "Executions that ended, by outcome.",
            state.executions.map { ([("outcome", $0.key)], Double($0.value)) })
        text.add(
            "mcp_v8_execution_duration_seconds", "From a call's arrival to its outcome.",
            state.durations)
        text.add(
            "mcp_v8_executions_waiting", .gauge, "Executions that wait for a worker.",
            [([], Double(census.waitingCount))])
        text.add(
            "mcp_v8_workers", .gauge, "Worker processes.", [([], Double(census.workerCount))])
        text.add(
            "mcp_v8_workers_warm", .gauge, "Workers that hold a heap for its next run.",
            [([], Double(census.warmCount))])
        text.add(
            "mcp_v8_worker_starts_total", .counter, "Workers that were asked for.",
            [([], Double(census.startCount))])
        // All of them from the start: an alarm sees a first one only where there was a nought.
        text.add(
            "mcp_v8_worker_failures_total", .counter, "Workers that ended untold, by reason.",
            WorkerFailure.allCases.map { failure in
                ([("reason", failure.rawValue)], Double(state.workerFailures[failure] ?? 0))
            })
        text.add(
            "mcp_v8_heaps_quarantined_total", .counter, "Heaps that were quarantined.",
            [([], Double(state.quarantineCount))])
        text.add(
            "mcp_v8_storage_operations_total", .counter, "Uses of the storage of heaps.",
            state.storageOperations.map { entry in
                let (operation, count) = entry
                let labels = [
                    ("operation", operation.name), ("outcome", operation.outcome.rawValue),
                ]
                return (labels, Double(count))
            })
        text.add(
            "mcp_v8_http_responses_total", .counter, "Responses over HTTP, by status.",
            state.responses.map { ([("status", String($0.key))], Double($0.value)) })
        return text.text
    }
}

/// How many values were at most so large.
struct Histogram {
    /// Upper bounds in seconds: from a warm run to the longest deadline.
    static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    /// How many values are in each range, the last without an upper bound.
    private(set) var counts = Array(repeating: 0, count: bounds.count + 1)
    private(set) var sum = 0.0

    mutating func add(_ value: Double) {
        counts[Histogram.bounds.firstIndex { value <= $0 } ?? Histogram.bounds.count] += 1
        sum += value
    }
}
