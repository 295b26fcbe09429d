/// Every metric that there is; docs/reference/metrics.md has the same list.
enum MetricName: String, CaseIterable, Sendable {
    case executions = "mcp_v8_executions_total"
    case executionSeconds = "mcp_v8_execution_duration_seconds"
    case evaluationSeconds = "mcp_v8_evaluation_duration_seconds"
    case executionsWaiting = "mcp_v8_executions_waiting"
    case executionsWaitingForHeap = "mcp_v8_executions_waiting_for_heap"
    case snapshotBytes = "mcp_v8_snapshot_bytes"
    case workers = "mcp_v8_workers"
    case workersBusy = "mcp_v8_workers_busy"
    case workersWarm = "mcp_v8_workers_warm"
    case workersWarmBytes = "mcp_v8_workers_warm_bytes"
    case heapsUnwritten = "mcp_v8_heaps_unwritten"
    case heapsLost = "mcp_v8_heaps_lost_total"
    case workerStarts = "mcp_v8_worker_starts_total"
    case workerEnds = "mcp_v8_worker_ends_total"
    case workerFailures = "mcp_v8_worker_failures_total"
    case heapsQuarantined = "mcp_v8_heaps_quarantined_total"
    case templateStarts = "mcp_v8_template_starts_total"
    case storageOperations = "mcp_v8_storage_operations_total"
    case storageSeconds = "mcp_v8_storage_duration_seconds"
    case storageReadOnly = "mcp_v8_storage_read_only"
    case cacheReads = "mcp_v8_cache_reads_total"
    case cacheEvictions = "mcp_v8_cache_evictions_total"
    case cacheBytes = "mcp_v8_cache_bytes"
    case httpResponses = "mcp_v8_http_responses_total"
    case httpSeconds = "mcp_v8_http_request_duration_seconds"
    case httpRefusals = "mcp_v8_http_refusals_total"
    case httpConnections = "mcp_v8_http_connections"
    case httpRequests = "mcp_v8_http_requests_in_flight"
    case httpSessions = "mcp_v8_http_sessions"

    /// What its values are.
    enum Kind: Hashable {
        case counter
        case gauge
        /// With upper bounds.
        case histogram([Double])
    }

    var kind: Kind {
        switch self {
        case .executions, .workerStarts, .workerEnds, .workerFailures, .heapsQuarantined,
            .templateStarts, .storageOperations, .cacheReads, .cacheEvictions, .httpResponses,
            .httpRefusals, .heapsLost:
            .counter
        case .executionsWaiting, .executionsWaitingForHeap, .workers, .workersBusy,
            .workersWarm, .workersWarmBytes, .heapsUnwritten, .storageReadOnly, .cacheBytes,
            .httpConnections, .httpRequests, .httpSessions:
            .gauge
        case .executionSeconds, .evaluationSeconds, .storageSeconds, .httpSeconds:
            .histogram(MetricName.secondsBounds)
        case .snapshotBytes: .histogram(MetricName.bytesBounds)
        }
    }

    /// One sentence for whoever reads the text.
    var meaning: String {
        switch self {
        case .executions: "Executions that ended, by outcome."
        case .executionSeconds: "From a call's arrival to its outcome."
        case .evaluationSeconds: "The script alone."
        case .executionsWaiting: "Executions that wait for a worker."
        case .executionsWaitingForHeap: "Executions that wait for their turn on a heap."
        case .snapshotBytes: "Plain snapshots that were stored."
        case .workers: "Worker processes."
        case .workersBusy: "Workers that somebody uses."
        case .workersWarm: "Workers that hold a heap for its next run."
        case .workersWarmBytes: "Memory that warm workers have for themselves."
        case .heapsUnwritten: "Heaps of which something is not stored yet."
        case .heapsLost: "How often what a run left behind could not be stored after its answer."
        case .workerStarts: "Workers that were asked for."
        case .workerEnds: "Workers that ended, by reason."
        case .workerFailures: "Workers that ended untold, by reason."
        case .heapsQuarantined: "Heaps that were quarantined."
        case .templateStarts: "Template processes that were started."
        case .storageOperations: "Uses of the storage of heaps."
        case .storageSeconds: "How long uses of the storage took."
        case .storageReadOnly: "1 where nothing is written any more, else 0."
        case .cacheReads: "Reads of versions through the cache, by result."
        case .cacheEvictions: "Copies that were removed to make room."
        case .cacheBytes: "What the copies take."
        case .httpResponses: "Responses over HTTP, by status."
        case .httpSeconds: "From a request's head to the last byte of its response."
        case .httpRefusals: "Requests and connections that were not served, by reason."
        case .httpConnections: "Open connections."
        case .httpRequests: "Requests that are being served."
        case .httpSessions: "Sessions and streams of HTTP clients."
        }
    }

    /// From a warm run to the longest deadline.
    private static let secondsBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    /// From an empty heap's to the largest.
    private static let bytesBounds = [18, 19, 20, 21, 22, 24, 26, 28, 29].map { exponent in
        Double(1 << exponent)
    }
}
