import Heaps
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Deadlines of calls whose storage hangs", .timeLimit(.minutes(5)))
struct StorageDeadlineTests {
    /// Lends a service on a storage that hangs when it is told to, with a heap `heap` that holds 1.
    private func run(
        _ durability: Durability = .commit, drainTimeout: Duration = .seconds(10),
        _ body: @Sendable (Harness, HangingStorage) async throws -> Void
    ) async throws {
        let storage = HangingStorage()
        let limits = { (limits: inout ExecutionLimits) in
            limits.durability = durability
            limits.drainTimeout = drainTimeout
        }
        try await Harness.run(storage: storage, limits: limits) { harness in
            _ = try await harness.execute("1", on: "heap")
            try await body(harness, storage)
            storage.release()
        }
    }

    /// Lets so many operations hang, and time pass.
    private func wait(
        _ harness: Harness, _ storage: HangingStorage, count: Int = 1, for time: Duration
    ) async {
        await eventually { storage.hangingCount == count }
        harness.clock.advance(by: time)
    }

    @Test(
        "ends at the deadline whatever reads",
        arguments: [
            ("heap", ExecutionRequest.Saving.commit), ("heap", .discard), ("new", .commit),
        ])
    func reading(_ heap: String, _ saving: ExecutionRequest.Saving) async throws {
        try await run { harness, storage in
            storage.hang(.get)
            async let report = harness.execute(
                "2", on: heap, timeout: .seconds(2), saving: saving)
            await wait(harness, storage, for: .seconds(2))
            let failure = try await report.failure
            #expect(failure?.kind == .storage)
            #expect(failure?.message.contains("nothing was begun") == true)
            // Runs without a heap need no storage.
            #expect(try await harness.execute("3").text == "3")
            storage.release()
            #expect(try await harness.execute("4", on: "heap").text == "14")
        }
    }

    @Test("keeps nothing of a run whose version did not come to its place in time")
    func commitNotBegun() async throws {
        try await run { harness, storage in
            storage.hang(.create)
            async let report = harness.execute("2", on: "heap", timeout: .seconds(2))
            // A commit has a little longer: the deadline may come just before its end.
            await wait(harness, storage, for: .milliseconds(2_250))
            let failure = try await report.failure
            #expect(failure?.kind == .storage)
            #expect(failure?.message.contains("nothing of this run was kept") == true)
            storage.release()
            #expect(try await harness.execute("3", on: "heap").text == "13")
        }
    }

    @Test("says that it is not known whether a head was moved, and goes on from what became of it")
    func commitInDoubt() async throws {
        try await run { harness, storage in
            storage.hang(.replace)
            async let report = harness.execute("2", on: "heap", timeout: .seconds(2))
            await wait(harness, storage, for: .milliseconds(2_250))
            let failure = try await report.failure
            #expect(failure?.kind == .storage)
            #expect(failure?.message.contains("may or may not have been stored") == true)
            // The next one waits: what comes late would meet it half-way.
            async let next = harness.execute("3", on: "heap", timeout: .seconds(9))
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            storage.release()
            #expect(try await next.text == "123")
            #expect(try await harness.content(of: "heap") == "123")
        }
    }

    @Test("tells who waits for a heap that the storage has it, and holds up no other")
    func queue() async throws {
        try await run { harness, storage in
            storage.hang(.replace, of: "heap")
            async let first = harness.execute("2", on: "heap", timeout: .seconds(2))
            await wait(harness, storage, for: .milliseconds(2_250))
            _ = try await first
            async let second = harness.execute("3", on: "heap", timeout: .seconds(1))
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            #expect(try await harness.execute("4", on: "other").text == "4")
            harness.clock.advance(by: .seconds(1))
            let failure = try await second.failure
            #expect(failure?.kind == .storage)
            #expect(failure?.message.contains("an earlier call") == true)
        }
    }

    @Test("tells so too after a cancellation in the middle of a commit")
    func afterCancellation() async throws {
        try await run { harness, storage in
            storage.hang(.replace)
            let first = Task {
                try await harness.execute("2", on: "heap", timeout: .seconds(30))
            }
            await eventually { storage.hangingCount == 1 }
            first.cancel()
            async let second = harness.execute("3", on: "heap", timeout: .seconds(1))
            let heap = try HeapName("heap")
            await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            harness.clock.advance(by: .seconds(1))
            #expect(try await second.failure?.kind == .storage)
            storage.release()
            // What storage says is what is true.
            #expect(try await first.value.text == "12")
            #expect(try await harness.execute("4", on: "heap").text == "124")
        }
    }

    @Test("bounds what looks at heaps")
    func looking() async throws {
        try await run { harness, storage in
            storage.hang(.list)
            let repository = harness.repository
            let page = Task {
                try await harness.service.reading(after: .startingWith(""), timeout: .seconds(3)) {
                    () throws(HeapError) in
                    try await repository.list(prefix: "", after: nil, limit: 9)
                }
            }
            await wait(harness, storage, for: .seconds(3))
            let failure = await #expect(throws: ExecutionFailure.self) {
                try await page.value
            }
            #expect(failure?.kind == .storage)
            storage.hang(.get)
            let request = InspectionRequest(
                heap: try HeapReference("heap"), question: .digests, byteCountMax: 9,
                timeout: .seconds(3))
            let inspection = Task { try await harness.service.inspect(request) }
            await wait(harness, storage, count: 2, for: .seconds(3))
            let other = await #expect(throws: ExecutionFailure.self) {
                try await inspection.value
            }
            #expect(other?.kind == .storage)
        }
    }

    @Test("bounds what changes heaps, and says that it may have been done")
    func changing() async throws {
        try await run { harness, storage in
            storage.hang(.delete)
            let (heap, repository) = (try HeapName("heap"), harness.repository)
            let head = Task {
                try await harness.service.withTurn(on: heap, timeout: .seconds(3)) {
                    () throws(HeapError) in try await repository.delete(heap)
                }
            }
            await wait(harness, storage, for: .milliseconds(3_250))
            let failure = await #expect(throws: ExecutionFailure.self) {
                try await head.value
            }
            #expect(failure?.kind == .storage)
            #expect(failure?.message.contains("whether it was done is not known") == true)
            storage.release()
            #expect(try await harness.execute("2", on: "heap").text == "2")
        }
    }

    @Test("waits for unwritten states as long as a call may")
    func relaxed() async throws {
        try await run(.relaxed) { harness, storage in
            storage.hang(.replace)
            async let report = harness.execute(
                "2", on: "heap", timeout: .seconds(2), saving: .discard)
            await wait(harness, storage, for: .seconds(2))
            let failure = try await report.failure
            #expect(failure?.kind == .storage)
            // Who goes on from the unwritten state is not held up.
            #expect(try await harness.execute("3", on: "heap").text == "13")
        }
    }

    @Test("ends with the server when that has waited for long enough")
    func shutdown() async throws {
        try await run(drainTimeout: .seconds(3)) { harness, storage in
            storage.hang(.replace)
            async let report = harness.execute("2", on: "heap", timeout: .seconds(100))
            await eventually { storage.hangingCount == 1 }
            async let stopped: Void = harness.service.shutdown()
            await eventually { !harness.service.isAccepting && harness.clock.sleeperCount == 3 }
            harness.clock.advance(by: .seconds(3))
            await stopped
            let failure = try await report.failure
            #expect(failure?.kind == .storage)
        }
    }
}
