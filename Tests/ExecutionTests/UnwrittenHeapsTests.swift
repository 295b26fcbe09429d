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
            try await harness.service.unwritten.flush(HeapName("h"))
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

    @Test("a run that is cancelled and ends all the same is not stored, and those before are")
    func cancelledRunEndsByItself() async throws {
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
            harness.source.workers.first?.finish(requests.withLock { $0[1] })
            try await harness.service.unwritten.flush(HeapName("h"))
            #expect(harness.service.census.lossCount == 0)
            #expect(try await harness.content(of: "h") == "a")
            #expect(try await harness.execute("b", on: "h").text == "ab")
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
            try await harness.lose("h")
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

    @Test("whatever touches a heap next is told what was lost of it, once", arguments: Touch.all)
    private func told(_ touch: Touch) async throws {
        try await withHarness { harness in
            _ = try await harness.execute("other", on: "h", saving: .discard)
            _ = try await harness.execute("a", on: "h")
            _ = try await harness.execute("b", on: "h")
            try await harness.lose("h")
            let told = await touch.failure(harness)
            #expect(told?.kind == .storage)
            #expect(told?.message.contains("what 2 runs before this call left behind") == true)
            #expect(try await harness.execute("c", on: "h").text == "otherc")
        }
    }

    @Test("a loss that is found while a run fails is told to the next one, and to no later one")
    func lostUnderRun() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            async let failed = harness.execute("hold", on: "h")
            let asked = try #require(await harness.source.nextRequest { $0.code == "hold" })
            asked.worker.saveKept(.notSerializable("a thing"))
            await eventually { harness.service.census.lossCount == 1 }
            #expect(try await failed.failure?.message.contains("a thing") == true)
            #expect(try await harness.execute("c", on: "h").text == "c")
        }
    }

    @Test("a loss that is found when a run has thrown is told to the next one")
    func lostAfterThrowing() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            try await harness.intrude(on: "h")
            #expect(try await harness.execute("throw", on: "h").failure?.kind == .exception)
            #expect(try await harness.execute("c", on: "h").failure?.kind == .storage)
            #expect(try await harness.execute("d", on: "h").text == "otherd")
        }
    }

    @Test("whoever is cancelled is not told, and the next one is")
    func cancelledBeforeTold() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            try await harness.lose("h")
            let cancelled = Task { () async -> ExecutionFailure? in
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(ExecutionFailure) {
                    try await harness.service.unwritten.flush(HeapName.sample)
                    return nil
                } catch { return error }
            }
            #expect(await cancelled.value?.kind == .cancelled)
            #expect(try await harness.execute("c", on: "h").failure?.kind == .storage)
        }
    }

    @Test("a wait for what is not written ends when it is given up")
    func givenUp() async throws {
        try await withHarness { harness in
            _ = try await harness.execute("a", on: "h")
            let run = Task { try await harness.execute("hold", on: "h") }
            let asked = try #require(await harness.source.nextRequest { $0.code == "hold" })
            // Nothing is written meanwhile: its worker is busy, and its fork has time.
            let waiting = Task { try await harness.service.unwritten.flush(HeapName("h")) }
            waiting.cancel()
            await #expect(throws: ExecutionFailure.self) { try await waiting.value }
            asked.worker.finish(asked.request)
            #expect(try await run.value.text == "ahold")
        }
    }

    @Test("a state that is written before its run is answered is stored all the same")
    func writtenEarly() async throws {
        let source = FakeSource { worker, request in
            worker.echo(request)
            worker.saveKept()
        }
        try await withHarness(source: source) { harness in
            for (code, text) in [("a", "a"), ("b", "ab"), ("c", "abc")] {
                #expect(try await harness.execute(code, on: "h").text == text)
                try await harness.service.unwritten.flush(HeapName("h"))
                #expect(try await harness.content(of: "h") == text)
            }
            #expect(harness.service.census.lossCount == 0)
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

/// Something that is done to a heap.
private struct Touch: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let perform: @Sendable (Harness) async throws -> ExecutionFailure?

    func failure(_ harness: Harness) async -> ExecutionFailure? {
        do { return try await perform(harness) } catch { return error as? ExecutionFailure }
    }

    static let all = [
        Touch("a run") { try await $0.execute("c", on: "h").failure },
        Touch("a run that is not saved") {
            try await $0.execute("c", on: "h", saving: .discard).failure
        },
        Touch("a run on an earlier version") { harness in
            let head = try #require(await harness.repository.head(of: HeapName("h")))
            return try await harness.execute("c", on: "h@\(head.version.short)", saving: .discard)
                .failure
        },
        Touch("something in its turn") { harness in
            _ = try await harness.service.withTurn(on: HeapName("h")) { () throws(HeapError) in }
            return nil
        },
        Touch("a look at its history") { harness in
            try await harness.service.reading(after: .heap(HeapName("h"))) {
                () throws(HeapError) in
            }
            return nil
        },
        Touch("a look at all heaps") { harness in
            try await harness.service.reading(after: .startingWith("")) {
                () throws(HeapError) in
            }
            return nil
        },
        Touch("a look into it") { harness in
            _ = try await harness.service.inspect(
                InspectionRequest(
                    heap: HeapReference("h"), question: .digests, byteCountMax: 1000))
            return nil
        },
    ]

    private init(
        _ description: String,
        _ perform: @escaping @Sendable (Harness) async throws -> ExecutionFailure?
    ) {
        testDescription = description
        self.perform = perform
    }
}

extension HeapName {
    fileprivate static var sample: HeapName {
        guard let name = try? HeapName("h") else { preconditionFailure("It is a name.") }
        return name
    }
}
