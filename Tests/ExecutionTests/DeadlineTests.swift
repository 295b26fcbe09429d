import Heaps
import Logging
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Deadlines, cancellation and shutdown", .timeLimit(.minutes(5)))
struct DeadlineTests {
    @Test("tells the worker what is left, and kills it a little after the deadline")
    func hardDeadline() async throws {
        try await Harness.run { harness in
            async let report = harness.execute("hold", on: "heap", timeout: .seconds(2))
            let asked = try #require(await harness.source.nextRequest())
            #expect(asked.request.timeoutMilliseconds == 2_000)
            await eventually { harness.clock.sleeperCount == 2 }
            harness.clock.advance(by: .milliseconds(2_499))
            await eventually { harness.clock.sleeperCount == 2 }
            harness.clock.advance(by: .milliseconds(1))
            #expect(try await report.failure?.kind == .timeout)
            #expect(try await asked.worker.ended.get() == .signalled(9))
            #expect(try await harness.content(of: "heap") == nil)
        }
    }

    @Test("takes a result that comes in the grace after the deadline")
    func grace() async throws {
        try await Harness.run { harness in
            async let report = harness.execute("hold", on: "heap", timeout: .seconds(2))
            let asked = try #require(await harness.source.nextRequest())
            harness.clock.advance(by: .milliseconds(2_400))
            asked.worker.finish(asked.request)
            #expect(try await report.text == "hold")
        }
    }

    @Test("ends at the deadline while it waits for its heap")
    func deadlineInQueue() async throws {
        try await Harness.run { harness in
            async let first = harness.execute("hold", on: "heap", timeout: .seconds(9))
            let asked = try #require(await harness.source.nextRequest())
            async let second = harness.execute("2", on: "heap", timeout: .seconds(1))
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            harness.clock.advance(by: .seconds(1))
            let failure = try await second.failure
            #expect(failure?.kind == .busy)
            #expect(failure?.message.contains("waited 1 s for other runs on heap heap") == true)
            asked.worker.finish(asked.request)
            #expect(try await first.text == "hold")
        }
    }

    @Test("says that it waited where its turn came with the deadline")
    func deadlineWithTurn() async throws {
        try await Harness.run { harness in
            async let first = harness.execute("hold", on: "heap", timeout: .seconds(9))
            let asked = try #require(await harness.source.nextRequest())
            async let second = harness.execute("hold", on: "heap", timeout: .seconds(1))
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            harness.clock.advance(by: .milliseconds(900))
            asked.worker.finish(asked.request)
            #expect(try await first.text == "hold")
            _ = try #require(await harness.source.nextRequest())
            harness.clock.advance(by: .milliseconds(600))
            let failure = try await second.failure
            #expect(failure?.kind == .timeout)
            #expect(failure?.message.contains("it waited 0.9 s for other runs") == true)
        }
    }

    @Test("ends at the deadline while it waits for a worker")
    func deadlineInPool() async throws {
        try await Harness.run(limits: { $0.workersMax = 1 }) { harness in
            async let first = harness.execute("hold", timeout: .seconds(9))
            let asked = try #require(await harness.source.nextRequest())
            async let second = harness.execute("2", timeout: .seconds(1))
            await eventually { harness.service.pool.waitingCount == 1 }
            harness.clock.advance(by: .seconds(1))
            #expect(try await second.failure?.kind == .busy)
            asked.worker.finish(asked.request)
            #expect(try await first.text == "hold")
        }
    }

    @Test(
        "refuses a timeout that is not allowed",
        arguments: [Duration.zero, .seconds(-1), .seconds(301)])
    func refusedTimeout(_ timeout: Duration) async throws {
        try await Harness.run { harness in
            let failure = try await harness.execute("1", timeout: timeout).failure
            #expect(failure?.kind == .invalid)
            #expect(failure?.message.contains("at most 300 s") == true)
        }
    }

    @Test("takes the longest timeout that is allowed")
    func longestTimeout() async throws {
        try await Harness.run { harness in
            let report = try await harness.execute("1", timeout: .seconds(300))
            #expect(report.text == "1")
        }
    }

    @Test("kills the worker of an execution that is cancelled")
    func cancel() async throws {
        try await Harness.run { harness in
            _ = try await harness.execute("1", on: "heap")
            let task = Task { try await harness.execute("hold", on: "heap") }
            let asked = try #require(await harness.source.nextRequest { $0.code == "hold" })
            task.cancel()
            #expect(try await task.value.failure?.kind == .cancelled)
            #expect(try await asked.worker.ended.get() == .signalled(9))
            #expect(try await harness.content(of: "heap") == "1")
        }
    }

    @Test("lets a cancelled execution leave the queue")
    func cancelInQueue() async throws {
        try await Harness.run { harness in
            async let first = harness.execute("hold", on: "heap")
            let asked = try #require(await harness.source.nextRequest())
            let waiting = Task { try await harness.execute("2", on: "heap") }
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            waiting.cancel()
            #expect(try await waiting.value.failure?.kind == .cancelled)
            asked.worker.finish(asked.request)
            #expect(try await first.text == "hold")
        }
    }

    @Test("finishes a commit that was begun when the cancellation comes")
    func cancelInCommit() async throws {
        let storage = GatedStorage()
        try await Harness.run(storage: storage) { harness in
            let task = Task { try await harness.execute("1", on: "heap") }
            await storage.awaitCommit()
            task.cancel()
            storage.open()
            let report = try await task.value
            #expect(report.text == "1")
            #expect(report.created)
            #expect(try await harness.content(of: "heap") == "1")
        }
    }

    @Test("lets what runs end before it shuts down, and refuses what comes")
    func shutdown() async throws {
        try await Harness.run { harness in
            async let running = harness.execute("hold")
            let asked = try #require(await harness.source.nextRequest())
            async let stopped: Void = harness.service.shutdown()
            await eventually { !harness.service.isAccepting }
            #expect(try await harness.execute("1").failure?.kind == .busy)
            asked.worker.finish(asked.request)
            #expect(try await running.text == "hold")
            await stopped
        }
    }

    @Test("ends what still runs when the time for shutting down is over")
    func shutdownTimeout() async throws {
        try await Harness.run(limits: { $0.drainTimeout = .seconds(3) }) { harness in
            async let running = harness.execute("hold")
            let asked = try #require(await harness.source.nextRequest())
            async let stopped: Void = harness.service.shutdown()
            await eventually { harness.clock.sleeperCount == 3 }
            harness.clock.advance(by: .seconds(3))
            #expect(try await running.failure == .shuttingDown)
            _ = try await asked.worker.ended.get()
            await stopped
        }
    }
}

@Suite("The timer of all deadlines", .timeLimit(.minutes(5)))
struct DeadlinesTests {
    @Test("does each when it is due, and none that was cleared")
    func instants() async {
        let clock = ManualClock()
        let deadlines = Deadlines(timeline: Timeline(clock))
        let done = Mutex<[Int]>([])
        let note = { @Sendable (second: Int) in
            deadlines.set(at: .seconds(second)) { done.withLock { $0.append(second) } }
        }
        let ids = [9, 3, 1, 2].map(note)
        deadlines.clear(ids[3])
        for (second, expected) in [(1, [1]), (2, [1]), (3, [1, 3])] {
            // One timer, whoever waits: for the first of them.
            await eventually { clock.sleeperCount == 1 }
            clock.advance(by: .seconds(1))
            await eventually { done.withLock { $0 } == expected || second == 2 }
            #expect(done.withLock { $0 } == expected)
        }
    }

    @Test("does at once what is due already")
    func past() async {
        let clock = ManualClock()
        let deadlines = Deadlines(timeline: Timeline(clock))
        clock.advance(by: .seconds(5))
        let isDone = Atomic(false)
        _ = deadlines.set(at: .seconds(1)) { isDone.store(true, ordering: .relaxed) }
        await eventually { isDone.load(ordering: .relaxed) }
    }
}

/// A storage whose first version is not stored before a test says so.
private final class GatedStorage: HeapStorage {
    private let base = Harness.memory
    private let asked = AsyncStream<Void>.makeStream()
    private let gate = AsyncStream<Void>.makeStream()

    func awaitCommit() async { for await _ in asked.stream { return } }

    func open() { gate.continuation.finish() }

    func create(
        _ key: StorageKey, _ bytes: [UInt8]
    ) async throws(HeapError) -> CreateOutcome {
        asked.continuation.yield()
        for await _ in gate.stream {}
        // A storage that is cancelled would leave the caller without the truth.
        if Task.isCancelled { throw .storageUnavailable(path: "gate", reason: "cancelled") }
        return try await base.create(key, bytes)
    }

    func get(_ key: StorageKey, byteCountMax: Int) async throws(HeapError) -> StoredObject? {
        try await base.get(key, byteCountMax: byteCountMax)
    }

    func getBeginning(
        of key: StorageKey, byteCountMax: Int
    ) async throws(HeapError) -> StoredBeginning? {
        try await base.getBeginning(of: key, byteCountMax: byteCountMax)
    }

    func replace(
        _ key: StorageKey, with bytes: [UInt8], expecting tag: StorageTag?
    ) async throws(HeapError) -> ReplaceOutcome {
        try await base.replace(key, with: bytes, expecting: tag)
    }

    func delete(
        _ key: StorageKey, if condition: DeleteCondition
    ) async throws(HeapError) -> DeleteOutcome {
        try await base.delete(key, if: condition)
    }

    func refresh(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await base.refresh(key)
    }

    func setAside(_ key: StorageKey) async throws(HeapError) -> PresenceOutcome {
        try await base.setAside(key)
    }

    func list(
        _ folder: StorageKey.Folder, prefix: String, after: StorageKey?, limit: Int
    ) async throws(HeapError) -> StoragePage {
        try await base.list(folder, prefix: prefix, after: after, limit: limit)
    }
}
