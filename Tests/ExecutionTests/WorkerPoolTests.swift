import Heaps
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Worker pool", .timeLimit(.minutes(5)))
struct WorkerPoolTests {
    @Test("keeps spare workers ready")
    func spares() async throws {
        try await Harness.run(limits: { $0.sparesCount = 2 }) { harness in
            await eventually { harness.source.workers.count == 2 }
            _ = try await harness.service.pool.takeSpare()
            await eventually { harness.source.workers.count == 3 }
        }
    }

    @Test("starts no more workers than allowed, and serves those who wait in their order")
    func bound() async throws {
        try await Harness.run(limits: { $0.workersMax = 1 }) { harness in
            let pool = harness.service.pool
            let first = try await pool.takeSpare()
            let second = Task { try await pool.takeSpare().id }
            await eventually { pool.waitingCount == 1 }
            let third = Task { try await pool.takeSpare().id }
            await eventually { pool.waitingCount == 2 }
            #expect(harness.source.workers.count == 1)
            pool.retire(first)
            let id = try await second.value
            #expect(id != first.id)
            #expect(pool.waitingCount == 1)
            third.cancel()
            await #expect(throws: ExecutionFailure.cancelled) { try await third.value }
        }
    }

    @Test("refuses one more than may wait for a worker")
    func waitingBound() async throws {
        try await Harness.run(limits: {
            $0.workersMax = 1
            $0.waitingCountMax = 1
        }) { harness in
            let pool = harness.service.pool
            _ = try await pool.takeSpare()
            let waiting = Task { try await pool.takeSpare().id }
            await eventually { pool.waitingCount == 1 }
            let failure = await #expect(throws: ExecutionFailure.self) {
                try await pool.takeSpare()
            }
            #expect(failure?.kind == .busy)
            waiting.cancel()
        }
    }

    @Test("ends the warm worker that was used longest ago to make room")
    func eviction() async throws {
        try await Harness.run(limits: { $0.workersMax = 2 }) { harness in
            _ = try await harness.execute("1", on: "old")
            harness.clock.advance(by: .seconds(1))
            _ = try await harness.execute("1", on: "young")
            _ = try await harness.execute("1", on: "other")
            let workers = harness.source.workers
            #expect(try await workers[0].ended.get() == .signalled(9))
            _ = try await harness.execute("2", on: "young")
            #expect(workers[1].states.withLock(\.last) == .live)
        }
    }

    @Test("ends the oldest warm workers when they hold too much memory together")
    func warmMemory() async throws {
        try await Harness.run(limits: { $0.warmByteCountMax = 1_500 }) { harness in
            _ = try await harness.execute("1", on: "old")
            harness.clock.advance(by: .seconds(1))
            _ = try await harness.execute("1", on: "young")
            #expect(try await harness.source.workers[0].ended.get() == .signalled(9))
        }
    }

    @Test("ends a warm worker that nobody came back to")
    func idle() async throws {
        try await Harness.run(limits: { $0.warmIdle = .seconds(60) }) { harness in
            _ = try await harness.execute("1", on: "heap")
            // The other sleeper is the timer of the execution's deadline.
            await eventually { harness.clock.sleeperCount == 2 }
            harness.clock.advance(by: .seconds(60))
            #expect(try await harness.source.workers[0].ended.get() == .signalled(9))
            #expect(try await harness.execute("2", on: "heap").text == "12")
        }
    }

    @Test("tells those who wait why no worker can be started, and tries again for the next")
    func startFailure() async throws {
        try await Harness.run { harness in
            harness.source.fail(.workerMissing(path: "/nowhere"))
            let failure = try await harness.execute("1").failure
            #expect(failure?.kind == .workerLost)
            #expect(failure?.message.contains("/nowhere") == true)
            harness.source.fail(nil)
            #expect(try await harness.execute("1").text == "1")
        }
    }

    @Test("outlives a template: heaps are loaded into new workers")
    func templateDeath() async throws {
        try await Harness.run { harness in
            _ = try await harness.execute("1", on: "heap")
            harness.source.die()
            await eventually { harness.service.pool.workerCount == 0 }
            #expect(try await harness.execute("2", on: "heap").text == "12")
            let states = harness.source.workers[1].states.withLock(\.self)
            #expect(states == [.snapshot(byteCount: 1)])
        }
    }

    @Test("does not use a warm worker that holds another version")
    func staleWarm() async throws {
        try await Harness.run { harness in
            _ = try await harness.execute("1", on: "heap")
            try await harness.intrude(on: "heap")
            #expect(try await harness.execute("2", on: "heap").text == "other2")
            #expect(try await harness.source.workers[0].ended.get() == .signalled(9))
        }
    }
}
