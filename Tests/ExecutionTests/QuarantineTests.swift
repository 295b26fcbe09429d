import Glibc
import Heaps
import Synchronization
import Testing
import WorkerProtocol

@testable import Execution

/// What becomes of heaps whose workers fail, and what an operator is told.
@Suite("Failures of workers", .timeLimit(.minutes(5)))
struct QuarantineTests {
    /// What was told of.
    private final class Told: Sendable {
        let failures = Mutex<[WorkerFailure]>([])
        let quarantineCount = Mutex(0)

        var events: ExecutionEvents {
            var events = ExecutionEvents()
            events.onWorkerFailure = { [self] failure in failures.withLock { $0.append(failure) } }
            events.onQuarantine = { [self] in quarantineCount.withLock { $0 += 1 } }
            return events
        }
    }

    /// Answers `bad` by ending so.
    private func source(_ exit: WorkerExit?) -> FakeSource {
        FakeSource { worker, request in
            if request.code == "bad" { worker.end(exit) } else { worker.echo(request) }
        }
    }

    @Test(
        "a heap is quarantined at the second sign of a broken-out script",
        arguments: [SIGSYS, SIGSEGV, SIGBUS])
    func quarantine(signal: Int32) async throws {
        let told = Told()
        try await Harness.run(source: source(.signalled(signal)), events: told.events) { harness in
            _ = try await harness.execute("1", on: "heap")
            #expect(try await harness.execute("bad", on: "heap").failure?.kind == .workerLost)
            #expect(try await harness.execute("2", on: "heap").text == "12")
            #expect(try await harness.execute("bad", on: "heap").failure?.kind == .workerLost)
            let refused = try await harness.execute("3", on: "heap").failure
            #expect(refused?.kind == .quarantined)
            #expect(refused?.message.contains("mcp-v8 heaps release heap") == true)
            #expect(
                try await harness.execute("3", on: "heap", saving: .discard).failure?.kind
                    == .quarantined)
            #expect(try await harness.execute("3", on: "other").text == "3")
            _ = try await harness.repository.release(HeapName("heap"))
            #expect(try await harness.execute("3", on: "heap").text == "123")
        }
        #expect(told.failures.withLock { $0.count } == 2)
        #expect(told.quarantineCount.withLock { $0 } == 1)
    }

    @Test(
        "other ends of a worker say nothing of its heap",
        arguments: [SIGABRT, SIGTRAP, SIGILL, SIGKILL, SIGXCPU])
    func noQuarantine(signal: Int32) async throws {
        try await Harness.run(source: source(.signalled(signal))) { harness in
            _ = try await harness.execute("1", on: "heap")
            for _ in 1...3 { _ = try await harness.execute("bad", on: "heap") }
            #expect(try await harness.execute("2", on: "heap").text == "12")
        }
    }

    @Test("a worker's end that is told before its answer is no failure")
    func endToldFirst() async throws {
        let told = Told()
        let source = FakeSource { worker, request in
            worker.reportEnd(.exited(code: 0))
            worker.echo(request)
            worker.hangUp()
        }
        try await Harness.run(source: source, events: told.events) { harness in
            for _ in 1...3 {
                let text = try await harness.execute("1").text
                #expect(text == "1")
            }
        }
        #expect(told.failures.withLock { $0 } == [])
    }

    @Test(
        "each way to end has its name",
        arguments: [
            (WorkerExit.signalled(SIGSYS), WorkerFailure.sandboxViolation),
            (.signalled(SIGSEGV), .memoryCorruption), (.signalled(SIGBUS), .memoryCorruption),
            (.signalled(SIGABRT), .engineAbort), (.signalled(SIGTRAP), .engineAbort),
            (.signalled(SIGILL), .engineAbort), (.signalled(SIGXCPU), .resourceLimit),
            (.signalled(SIGXFSZ), .resourceLimit), (.signalled(SIGKILL), .killed),
            (.exited(code: 78), .outOfMemory), (.exited(code: 79), .protocolBreach),
            (.exited(code: 0), .other), (.signalled(SIGTERM), .other),
        ])
    func names(exit: WorkerExit, failure: WorkerFailure) async throws {
        let told = Told()
        try await Harness.run(source: source(exit), events: told.events) { harness in
            _ = try await harness.execute("bad", on: "heap")
            await eventually { told.failures.withLock { $0 } == [failure] }
        }
    }

    @Test("last words of memory do not hide a forbidden call")
    func lastWords() {
        #expect(WorkerFailure(.signalled(SIGTRAP), tellingOfMemory: true) == .outOfMemory)
        #expect(WorkerFailure(.signalled(SIGSYS), tellingOfMemory: true) == .sandboxViolation)
        #expect(WorkerFailure(.signalled(SIGSEGV), tellingOfMemory: true) == .memoryCorruption)
        #expect(WorkerFailure(nil, tellingOfMemory: true) == nil)
    }

    @Test("a breach of the protocol is told of, an end by the server is not")
    func breach() async throws {
        let told = Told()
        let source = FakeSource { worker, request in
            if request.code == "bad" { worker.say(bytes: [255, 255, 255, 255, 16]) }
            if request.code == "1" { worker.echo(request) }
        }
        try await Harness.run(source: source, events: told.events) { harness in
            _ = try await harness.execute("1", on: "heap")
            _ = try await harness.execute("1")
            _ = try await harness.execute("bad", on: "heap")
            await eventually { told.failures.withLock { $0 } == [.protocolBreach] }
        }
        #expect(told.failures.withLock { $0 } == [.protocolBreach])
    }

    @Test("a worker that does not stop at its deadline is told of")
    func deadline() async throws {
        let told = Told()
        let source = FakeSource { _, _ in }
        try await Harness.run(source: source, events: told.events) { harness in
            async let report = harness.execute("hang", timeout: .seconds(1))
            _ = await source.nextRequest()
            let count = harness.clock.sleeperCount
            harness.clock.advance(by: .seconds(1))
            // The grace is slept for then.
            await eventually { harness.clock.sleeperCount == count }
            harness.clock.advance(by: .milliseconds(500))
            let failure = try await report.failure
            #expect(failure?.kind == .timeout)
        }
        #expect(told.failures.withLock { $0 } == [.deadline])
    }

    /// Looks at a heap whose worker ends as it opens it.
    private func look(
        at heap: String, in harness: Harness,
        _ quarantined: InspectionRequest.QuarantinedHeaps = .refuse
    ) async throws -> ExecutionFailure? {
        let request = InspectionRequest(
            heap: try HeapReference(heap), question: .digests, byteCountMax: 1_000,
            quarantined: quarantined)
        do throws(ExecutionFailure) {
            _ = try await harness.service.inspect(request)
            return nil
        } catch {
            return error
        }
    }

    @Test("a heap that cannot be looked at is quarantined too")
    func inspection() async throws {
        let source = FakeSource(inspecting: { $0.end(.signalled(SIGSEGV)) })
        try await Harness.run(source: source) { harness in
            let version = try #require(try await harness.execute("1", on: "heap").version)
            for _ in 0..<2 {
                #expect(try await look(at: "heap", in: harness)?.kind == .workerLost)
            }
            #expect(try await look(at: "heap", in: harness)?.kind == .quarantined)
            let old = "heap@\(version.text.prefix(8))"
            #expect(try await look(at: old, in: harness)?.kind == .quarantined)
            #expect(try await harness.execute("2", on: "heap").failure?.kind == .quarantined)
            // Who is to find out what is wrong may go on.
            #expect(try await look(at: "heap", in: harness, .accept)?.kind == .workerLost)
        }
    }

    @Test("a version that no heap leads to is quarantined by itself, and no heap with it")
    func inspectionOfVersion() async throws {
        let source = FakeSource(inspecting: { $0.end(.signalled(SIGSYS)) })
        try await Harness.run(source: source) { harness in
            let bad = try #require(try await harness.execute("1", on: "bad").version)
            _ = try await harness.execute("2", on: "good")
            _ = try await harness.repository.delete(HeapName("bad"))
            // It is kept, and the reference finds it.
            for reference in [bad.text, "good@\(bad.text.prefix(8))"] {
                #expect(try await look(at: reference, in: harness)?.kind == .workerLost)
            }
            for reference in [bad.text, "good@\(bad.text.prefix(8))"] {
                #expect(try await look(at: reference, in: harness)?.kind == .quarantined)
                #expect(
                    try await harness.execute("3", on: reference).failure?.kind == .quarantined)
            }
            #expect(try await harness.execute("3", on: "good").text == "23")
        }
    }
}
