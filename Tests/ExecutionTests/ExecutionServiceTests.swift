import Heaps
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Execution service", .timeLimit(.minutes(5)))
struct ExecutionServiceTests {
    @Test("runs code without a heap on a worker that is used once")
    func stateless() async throws {
        try await Harness.run { harness in
            for _ in 0..<2 {
                let report = try await harness.execute("1")
                #expect(report.text == "1")
                #expect(report.heap == nil)
                #expect(report.version == nil)
            }
            #expect(harness.source.workers.count == 2)
            #expect(try await harness.source.workers[0].ended.get() == .signalled(9))
        }
    }

    @Test("creates a heap at its first run and tells so")
    func created() async throws {
        try await Harness.run { harness in
            let first = try await harness.execute("1", on: "heap")
            #expect(first.created)
            #expect(first.heap == (try HeapName("heap")))
            #expect(first.statistics.snapshotByteCount == 1)
            #expect(first.statistics.heapByteCount == 1_000)
            #expect(first.statistics.evaluation == .microseconds(7))
            let second = try await harness.execute("2", on: "heap")
            #expect(!second.created)
            #expect(second.version != first.version)
            #expect(try await harness.content(of: "heap") == "12")
        }
    }

    @Test("goes on in the worker that holds the heap")
    func warm() async throws {
        try await Harness.run { harness in
            for code in ["1", "2", "3"] { _ = try await harness.execute(code, on: "heap") }
            #expect(harness.source.workers.count == 1)
            let states = harness.source.workers[0].states.withLock(\.self)
            #expect(states == [.newHeap, .live, .live])
            #expect(try await harness.content(of: "heap") == "123")
        }
    }

    @Test("forgets what a script did that threw")
    func rollback() async throws {
        try await Harness.run { harness in
            let first = try await harness.execute("1", on: "heap")
            let failed = try await harness.execute("throw", on: "heap")
            #expect(failed.failure?.kind == .exception)
            #expect(failed.failure?.scriptError?.name == "Error")
            #expect(failed.version == first.version)
            #expect(try await harness.execute("2", on: "heap").text == "12")
            #expect(harness.source.workers.count == 2)
        }
    }

    @Test("keeps what a script did that threw, where that is asked for")
    func keep() async throws {
        try await Harness.run { harness in
            let first = try await harness.execute("1", on: "heap")
            let failed = try await harness.execute("throw", on: "heap", onException: .keep)
            #expect(failed.failure?.kind == .exception)
            #expect(failed.version != first.version)
            #expect(try await harness.execute("2", on: "heap").text == "1throw2")
            #expect(harness.source.workers.count == 1)
        }
    }

    @Test(
        "keeps a worker warm whose code did not parse",
        arguments: [ExecutionRequest.OnException.rollback, .keep])
    func syntax(_ onException: ExecutionRequest.OnException) async throws {
        try await Harness.run { harness in
            let first = try await harness.execute("1", on: "heap")
            let failed = try await harness.execute("syntax", on: "heap", onException: onException)
            #expect(failed.failure?.kind == .syntax)
            #expect(failed.version == first.version)
            #expect(try await harness.execute("2", on: "heap").text == "12")
            #expect(harness.source.workers.count == 1)
        }
    }

    @Test("creates no heap where the first code does not parse")
    func syntaxOnNewHeap() async throws {
        try await Harness.run { harness in
            let report = try await harness.execute("syntax", on: "heap")
            #expect(!report.created)
            #expect(try await harness.content(of: "heap") == nil)
        }
    }

    @Test("runs without saving, and leaves heap and warm worker as they are")
    func discard() async throws {
        try await Harness.run { harness in
            let first = try await harness.execute("1", on: "heap")
            let tried = try await harness.execute("2", on: "heap", saving: .discard)
            #expect(tried.text == "12")
            #expect(tried.version == first.version)
            #expect(try await harness.source.workers[1].ended.get() == .signalled(9))
            #expect(try await harness.execute("3", on: "heap").text == "13")
            #expect(harness.source.workers.count == 2)
        }
    }

    @Test("runs without saving on a heap that does not exist, and creates none")
    func discardOnNewHeap() async throws {
        try await Harness.run { harness in
            let report = try await harness.execute("1", on: "heap", saving: .discard)
            #expect(report.text == "1")
            #expect(!report.created)
            #expect(try await harness.content(of: "heap") == nil)
        }
    }

    @Test("runs on an old version, without saving")
    func version() async throws {
        try await Harness.run { harness in
            let first = try #require(try await harness.execute("1", on: "heap").version)
            _ = try await harness.execute("2", on: "heap")
            for reference in [first.text, "heap@\(first.text.prefix(8))"] {
                let report = try await harness.execute("3", on: reference, saving: .discard)
                #expect(report.text == "13")
                #expect(report.version == first)
            }
        }
    }

    @Test("never saves a run on a version", arguments: [Durability.commit, .relaxed])
    func saveOnVersion(_ durability: Durability) async throws {
        try await Harness.run(limits: { $0.durability = durability }) { harness in
            _ = try await harness.execute("1", on: "heap")
            try await harness.service.unwritten.flush(HeapName("heap"))
            let first = try #require(
                try await harness.repository.head(of: HeapName("heap"))?.version)
            _ = try await harness.execute("2", on: "heap")
            let digits = first.text.prefix(10)
            for reference in [first.text, "heap@\(digits)", String(digits)] {
                let report = try await harness.execute("3", on: reference)
                #expect(report.text == "13")
                #expect(report.version == first)
                #expect(report.statistics.snapshotByteCount == nil)
            }
            #expect(try await harness.execute("4", on: "heap").text == "124")
        }
    }

    @Test("takes digits that no version starts with for the name of a new heap")
    func nameOfDigits() async throws {
        try await Harness.run { harness in
            for text in ["1", "11"] {
                let report = try await harness.execute("1", on: "12345678")
                #expect(report.text == text)
                #expect(report.heap == (try HeapName("12345678")))
            }
        }
    }

    @Test("tells that a version does not exist")
    func unknownVersion() async throws {
        try await Harness.run { harness in
            let version = String(repeating: "0", count: 64)
            let failure = try await harness.execute("1", on: version, saving: .discard).failure
            #expect(failure?.kind == .notFound)
        }
    }

    @Test("refuses code over its limit, and takes code at it")
    func codeLimit() async throws {
        try await Harness.run(limits: { $0.codeByteCountMax = 3 }) { harness in
            let report = try await harness.execute("123")
            #expect(report.text == "123")
            #expect(try await harness.execute("1234").failure?.kind == .invalid)
        }
    }

    @Test("reports a lost race with both versions, and keeps no worker of it")
    func conflict() async throws {
        try await Harness.run { harness in
            let first = try #require(try await harness.execute("1", on: "heap").version)
            async let report = harness.execute("hold", on: "heap")
            let asked = try #require(await harness.source.nextRequest { $0.code == "hold" })
            try await harness.intrude(on: "heap")
            let actual = try #require(
                try await harness.repository.head(of: try HeapName("heap"))?.version)
            asked.worker.finish(asked.request)
            let failure = try await report.failure
            #expect(failure?.kind == .conflict)
            #expect(failure?.message.contains(first.short) == true)
            #expect(failure?.message.contains(actual.short) == true)
            #expect(try await asked.worker.ended.get() == .signalled(9))
            #expect(try await harness.content(of: "heap") == "other")
        }
    }

    @Test("refuses a heap of another engine")
    func incompatible() async throws {
        try await Harness.run { harness in
            var engine = FakeSource.engine
            engine.v8Version = "11.3"
            let run = RunDescription(
                engine: engine, durationMicroseconds: 1, heapByteCount: 1, runNumber: 1, code: "")
            _ = try await harness.repository.commit(
                [1], to: HeapName("heap"), replacing: nil, by: run)
            let failure = try await harness.execute("1", on: "heap").failure
            #expect(failure?.kind == .incompatible)
            #expect(failure?.message.contains("11.3") == true)
        }
    }

    @Test(
        "runs one execution at a time on a heap, and many heaps at a time",
        arguments: [("a", true), ("b", false)])
    func exclusive(_ other: String, _ waits: Bool) async throws {
        try await Harness.run { harness in
            async let first = harness.execute("hold", on: "a")
            let asked = try #require(await harness.source.nextRequest { $0.code == "hold" })
            async let second = harness.execute("2", on: other)
            if waits {
                let heap = try HeapName("a")
                await eventually { harness.service.queue.waitingCount(on: heap) == 1 }
            } else {
                _ = try await second
            }
            asked.worker.finish(asked.request)
            #expect(try await first.text == "hold")
            #expect(try await second.text == (waits ? "hold2" : "2"))
        }
    }

    @Test("streams what a script prints")
    func console() async throws {
        let line = ConsoleLine(level: .warn, text: "careful")
        let source = FakeSource { worker, _ in
            worker.say(.console(line))
            worker.say(.consoleOmitted(ConsoleOmission(lineCount: 3, byteCount: 30)))
            worker.say(.console(line))
            worker.say(value: "1")
        }
        try await Harness.run(source: source) { harness in
            let (lines, continuation) = AsyncStream<ConsoleLine>.makeStream()
            let report = await harness.service.execute(
                ExecutionRequest(code: "1"), onConsole: { continuation.yield($0) })
            continuation.finish()
            #expect(await lines.reduce(into: []) { $0.append($1) } == [line, line])
            #expect(report.console.head == [line])
            #expect(report.console.omission?.lineCount == 3)
            #expect(report.console.tail == [line])
        }
    }
}
