import Heaps
import Testing
import WorkerProtocol

@testable import Execution

/// What hostile, dying and slow workers do to an execution, and what they do not do to its heap.
@Suite("Execution failures", .timeLimit(.minutes(5)))
struct ExecutionFailureTests {
    /// Answers `bad` so, and everything else as a heap does.
    private func source(
        _ bad: @escaping @Sendable (FakeWorker) -> Void
    ) -> FakeSource {
        FakeSource { worker, request in
            if request.code == "bad" { bad(worker) } else { worker.echo(request) }
        }
    }

    /// Runs `1`, then `bad`, then `2` on a heap, and expects `bad` to leave no trace.
    private func expectFailure(
        _ kind: ExecutionFailure.Kind, containing text: String = "",
        from bad: @escaping @Sendable (FakeWorker) -> Void
    ) async throws {
        try await Harness.run(source: source(bad)) { harness in
            let first = try await harness.execute("1", on: "heap")
            let report = try await harness.execute("bad", on: "heap")
            #expect(report.failure?.kind == kind)
            #expect(text.isEmpty || report.failure?.message.contains(text) == true)
            #expect(report.version == first.version)
            #expect(try await harness.execute("2", on: "heap").text == "12")
        }
    }

    @Test("outlives a worker that says too much")
    func chatter() async throws {
        try await expectFailure(.workerLost) { worker in
            let text = String(repeating: "a", count: 10_000)
            for _ in 0..<20 { worker.say(.console(ConsoleLine(level: .log, text: text))) }
        }
    }

    @Test("outlives a worker that sends what is no frame")
    func noise() async throws {
        try await expectFailure(.workerLost) { $0.say(bytes: [255, 255, 255, 255, 16]) }
    }

    @Test("outlives a worker that sends a snapshot without a result")
    func snapshotFirst() async throws {
        try await expectFailure(.workerLost) { $0.save([1]) }
    }

    @Test("outlives a worker that claims more snapshot than there is memory")
    func hugeSnapshot() async throws {
        try await expectFailure(.workerLost) { worker in
            worker.say(value: "1")
            worker.say(.snapshot(.made(byteCount: .max, microseconds: 1)))
        }
    }

    @Test("outlives a worker that hangs up and stays")
    func hangUp() async throws {
        try await expectFailure(.workerLost) { $0.hangUp() }
    }

    @Test("goes on with a fresh worker where all of them were gone before they were asked")
    func allGone() async throws {
        let source = FakeSource()
        try await Harness.run(source: source) { harness in
            for round in 1...8 {
                for worker in source.workers { try await worker.hungUp() }
                let report = try await harness.execute("x", on: "heap")
                #expect(
                    report.text == String(repeating: "x", count: round), "\(report.outcome)")
            }
        }
    }

    @Test("tells of a worker's signal")
    func crash() async throws {
        try await expectFailure(.workerLost, containing: "SIGSEGV") { $0.end(.signalled(11)) }
    }

    @Test("tells that memory was short")
    func outOfMemory() async throws {
        try await expectFailure(.outOfMemory) { $0.end(.exited(code: 78)) }
    }

    @Test("tells that a template took its workers along")
    func templateDeath() async throws {
        try await expectFailure(.workerLost) { $0.end(nil) }
    }

    @Test("passes on a limit that the worker itself kept")
    func softLimits() async throws {
        try await expectFailure(.outOfMemory) { $0.say(.evaluated(.of(.outOfMemory))) }
        try await expectFailure(.timeout, containing: "a timer") {
            $0.say(.evaluated(.of(.timeout(pending: "a timer"))))
        }
        try await expectFailure(.timeout, containing: "for ever") {
            $0.say(.evaluated(.of(.unsettled(places: "run_js:1:1"))))
        }
    }

    @Test("tells why a heap cannot be serialised")
    func notSerializable() async throws {
        try await expectFailure(.notSerializable, containing: "an iterator") { worker in
            worker.say(value: "1")
            worker.say(.snapshot(.notSerializable("an iterator")))
        }
    }

    @Test("tells that a heap is too large to be kept")
    func tooLarge() async throws {
        try await expectFailure(.notSerializable, containing: "2000000 bytes") { worker in
            worker.say(value: "1")
            worker.say(.snapshot(.tooLarge(byteCount: 2_000_000, limit: 1 << 20)))
        }
    }

    @Test("tells V8's last words where serialising ended the worker")
    func diedSaving() async throws {
        try await expectFailure(.notSerializable, containing: "Unknown reference") { worker in
            worker.complain("# Fatal error\n# Unknown reference")
            worker.say(value: "1")
            worker.end(.signalled(5))
        }
    }
}
