import Heaps
import Logging
import NIOPosix
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

/// A service whose workers, clock and storage belong to a test.
struct Harness: Sendable {
    let source: FakeSource
    let clock: ManualClock
    let repository: HeapRepository
    let service: ExecutionService

    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Lends a service while it runs.
    static func run<Result: Sendable>(
        source: FakeSource = FakeSource(), storage: any HeapStorage = Harness.memory,
        limits change: (inout ExecutionLimits) -> Void = { _ in },
        events: ExecutionEvents = ExecutionEvents(),
        _ body: @Sendable (Harness) async throws -> Result
    ) async throws -> Result {
        var limits = ExecutionLimits(workersMax: 16, warmByteCountMax: 1 << 30)
        limits.memoryInterval = nil
        limits.snapshotByteCountMax = 1 << 20
        limits.sparesCount = 0
        change(&limits)
        let clock = ManualClock()
        let repository = HeapRepository(
            storage: storage, snapshotByteCountMax: limits.snapshotByteCountMax, logger: quiet)
        let service = ExecutionService(
            repository: repository, source: source, limits: limits,
            eventLoops: MultiThreadedEventLoopGroup.singleton, timeline: Timeline(clock),
            logger: quiet, events: events)
        let harness = Harness(
            source: source, clock: clock, repository: repository, service: service)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            defer { group.cancelAll() }
            return try await body(harness)
        }
    }

    static var memory: InMemoryHeapStorage {
        InMemoryHeapStorage(byteCountMax: 64 << 20, logger: quiet)
    }

    func execute(
        _ code: String, on heap: String? = nil, timeout: Duration? = nil,
        saving: ExecutionRequest.Saving = .commit,
        onException: ExecutionRequest.OnException = .rollback
    ) async throws -> ExecutionReport {
        let reference = try heap.map { text throws(HeapError) in try HeapReference(text) }
        return await service.execute(
            ExecutionRequest(
                code: code, heap: reference, timeout: timeout, saving: saving,
                onException: onException))
    }

    /// What the head of a heap holds.
    func content(of heap: String) async throws -> String? {
        guard let head = try await repository.head(of: HeapName(heap)) else { return nil }
        let loaded = try await repository.load(head.version, for: FakeSource.engine)
        return String(decoding: loaded.snapshot, as: UTF8.self)
    }

    /// Lets what was answered of a heap be lost, and nobody be told of it yet.
    func lose(_ heap: String) async throws {
        let lossCount = service.census.lossCount
        try await intrude(on: heap)
        try await service.unwritten.written(HeapName(heap))
        #expect(service.census.lossCount == lossCount + 1)
    }

    /// Moves a heap's head behind the service's back.
    func intrude(on heap: String) async throws {
        let name = try HeapName(heap)
        let head = try await repository.head(of: name)
        let run = RunDescription(
            engine: FakeSource.engine, durationMicroseconds: 1, heapByteCount: 1,
            runNumber: (head?.runNumber ?? 0) + 1, code: "")
        _ = try await repository.commit(Array("other".utf8), to: name, replacing: head, by: run)
    }
}

extension ExecutionReport {
    /// The text of the value.
    var text: String? {
        if case .value(let value) = outcome { value.text } else { nil }
    }

    var failure: ExecutionFailure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }
}

extension UnwrittenHeaps {
    /// Waits as a call that is told of a loss unless it was cancelled.
    func flush(_ name: HeapName) async throws(ExecutionFailure) {
        try await flush(name) { () throws(ExecutionFailure) in
            if Task.isCancelled { throw .cancelled }
        }
    }
}
