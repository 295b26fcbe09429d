import Heaps
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Durability: relaxed", .timeLimit(.minutes(5)))
struct UnwrittenHeapsTests {
    private func withHarness<Result: Sendable>(
        source: FakeSource = FakeSource(),
        _ body: @Sendable (Harness) async throws -> Result
    ) async throws -> Result {
        try await Harness.run(source: source, limits: { $0.durability = .relaxed }, body)
    }

    @Test("answers before anything is stored, and says so")
    func answersAtOnce() async throws {
        try await withHarness { harness in
            let report = try await harness.execute("a", on: "h")
            #expect(report.text == "a")
            #expect(report.isDurable == false)
            #expect(report.created)
            #expect(report.version == nil)
            #expect(try await harness.content(of: "h") == nil)
            #expect(harness.service.census.unwrittenCount == 1)
        }
    }

    @Test("stores only the last state of a chain of runs")
    func chain() async throws {
        try await withHarness { harness in
            for code in ["a", "b", "c"] { _ = try await harness.execute(code, on: "h") }
            try await harness.service.settle(HeapName("h"))
            #expect(try await harness.content(of: "h") == "abc")
            let page = try await harness.repository.history(
                of: HeapReference("h"), limit: 10)
            #expect(page.records.count == 1)
            #expect(harness.service.census.unwrittenCount == 0)
            // The worker is warm now.
            let next = try await harness.execute("d", on: "h")
            #expect(next.text == "abcd")
            #expect(harness.source.workers.count == 1)
        }
    }

    @Test("a run that fails takes nothing of the runs before it along", arguments: [1, 2])
    func failure(_ runCount: Int) async throws {
        try await withHarness { harness in
            for _ in 0..<runCount { _ = try await harness.execute("a", on: "h") }
            let failed = try await harness.execute("throw", on: "h")
            #expect(failed.failure?.kind == .exception)
            let next = try await harness.execute("b", on: "h")
            #expect(next.text == String(repeating: "a", count: runCount) + "b")
            #expect(harness.source.workers.count == 2)
        }
    }

    @Test("a run that is cancelled and ends all the same takes nothing of those before along")
    func lateRun() async throws {
        let requests = Mutex<[EvaluateRequest]>([])
        let source = FakeSource { worker, request in
            requests.withLock { $0.append(request) }
            worker.echo(request)
        }
        try await withHarness(source: source) { harness in
            _ = try await harness.execute("a", on: "h")
            let cancelled = Task { try await harness.execute("hold", on: "h") }
            await eventually { requests.withLock(\.count) == 2 }
            cancelled.cancel()
            #expect(try await cancelled.value.failure?.kind == .cancelled)
            // The state of this run takes the place of the one that is kept.
            harness.source.workers.first?.finish(requests.withLock { $0[1] })
            try await harness.service.settle(HeapName("h"))
            #expect(harness.service.census.lossCount == 0)
            #expect(try await harness.content(of: "h") == "ahold")
        }
    }

    @Test("code that does not parse changes nothing and costs no worker")
    func syntax() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            _ = try await harness.execute("syntax", on: "h")
            let next = try await harness.execute("b", on: "h")
            #expect(next.text == "ab")
            #expect(harness.source.workers.count == 1)
        }
    }

    @Test("a conflict that is found later is told to the next run, and counted")
    func conflict() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            try await harness.intrude(on: "h")
            try await harness.service.settle(HeapName("h"))
            #expect(harness.service.census.lossCount == 1)
            let told = try await harness.execute("b", on: "h")
            #expect(told.failure?.kind == .storage)
            let next = try await harness.execute("c", on: "h")
            #expect(next.text == "otherc")
        }
    }

    @Test("a state that cannot be serialised is told to the next run")
    func notSerializable() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            harness.source.workers.first?.saveKept(.notSerializable("a thing"))
            await eventually { harness.service.census.unwrittenCount == 0 }
            let told = try await harness.execute("b", on: "h")
            #expect(told.failure?.message.contains("a thing") == true)
            #expect(try await harness.execute("c", on: "h").text == "c")
        }
    }

    @Test("a worker that ends with a state takes it along, which is told")
    func workerEnds() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            harness.source.workers.first?.end(.signalled(9))
            await eventually { harness.service.census.lossCount == 1 }
            #expect(try await harness.execute("b", on: "h").failure?.kind == .storage)
        }
    }

    @Test("whoever does something else to a heap finds it stored")
    func turn() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            let head = try await harness.service.withTurn(on: HeapName("h")) {
                () throws(HeapError) in try await harness.repository.head(of: HeapName("h"))
            }
            #expect(head != nil)
            _ = try await harness.execute("b", on: "h")
            let looked = try await harness.execute("c", on: "h", saving: .discard)
            #expect(looked.text == "abc")
            #expect(try await harness.content(of: "h") == "ab")
        }
    }

    @Test("a state that waits for long is stored, though the one before takes longer")
    func waitsForLong() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            harness.clock.advance(by: .milliseconds(600))
            _ = try await harness.execute("b", on: "h")
            // More than enough, and less than makes a state be given up.
            for _ in 0..<30 {
                await eventually { harness.clock.sleeperCount > 0 }
                harness.clock.advance(by: .seconds(1))
            }
            await eventually { harness.service.census.unwrittenCount == 0 }
            #expect(harness.service.census.lossCount == 0)
            #expect(try await harness.content(of: "h") == "ab")
        }
    }

    @Test("a shutdown stores everything")
    func shutdown() async throws {
        try await withHarness { harness in
            for heap in ["g", "h"] { _ = try await harness.execute("a", on: heap) }
            await harness.service.shutdown()
            for heap in ["g", "h"] { #expect(try await harness.content(of: heap) == "a") }
        }
    }

    @Test("a worker that tells of a state it did not keep is ended")
    func unasked() async throws {
        let source = FakeSource { worker, _ in
            worker.say(
                .saved(
                    SavedSnapshot(
                        runNumber: 1, slot: 0, report: .made(byteCount: 1, microseconds: 1))))
        }
        try await withHarness(source: source) { harness in
            let report = try await harness.execute("a", on: "h")
            #expect(report.failure?.kind == .workerLost)
        }
    }
}
