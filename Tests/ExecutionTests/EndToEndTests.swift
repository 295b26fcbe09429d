import Foundation
import Heaps
import Logging
import NIOPosix
import Testing
import WorkerProtocol

@testable import Execution

/// The real worker program, where it was built beside the tests.
@Suite("With the real worker", .timeLimit(.minutes(5)))
struct EndToEndTests {
    @Test("keeps variables between runs, in a warm worker and from a snapshot")
    func state() async throws {
        try await RealWorker.run { service in
            let first = try await service.execute("let n = 40; n", on: "heap")
            #expect(first.text == "40")
            #expect(first.created)
            #expect(try await service.execute("n += 1", on: "heap").text == "41")
            let name = try HeapName("heap")
            // The next run has to start from what is stored.
            _ = service.pool.takeWarm(name, at: nil)
            #expect(try await service.execute("n += 1", on: "heap").text == "42")
        }
    }

    @Test("keeps nothing of a run without a heap")
    func stateless() async throws {
        try await RealWorker.run { service in
            let first = try await service.execute("globalThis.x = 1; x")
            #expect(first.text == "1")
            let second = try await service.execute("typeof x")
            #expect(second.text?.contains("undefined") == true)
        }
    }

    @Test("rolls back what threw, and tells where")
    func exception() async throws {
        try await RealWorker.run { service in
            _ = try await service.execute("let n = 1", on: "heap")
            let failed = try await service.execute("n = 2;\nthrow new TypeError('no')", on: "heap")
            #expect(failed.failure?.kind == .exception)
            #expect(failed.failure?.scriptError?.name == "TypeError")
            #expect(failed.failure?.scriptError?.place?.line == 2)
            #expect(try await service.execute("n", on: "heap").text == "1")
        }
    }

    @Test("stays warm after code that does not parse")
    func syntax() async throws {
        try await RealWorker.run { service in
            _ = try await service.execute("let n = 1", on: "heap")
            #expect(try await service.execute("let let", on: "heap").failure?.kind == .syntax)
            #expect(try await service.execute("n", on: "heap").text == "1")
        }
    }

    @Test("runs on many heaps at once, with fewer workers than heaps")
    func manyHeaps() async throws {
        try await RealWorker.run { service in
            try await withThrowingTaskGroup(of: ExecutionReport.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        let heap = "heap\(number % 8)"
                        return try await service.execute(
                            "globalThis.n = (globalThis.n ?? 0) + 1", on: heap)
                    }
                }
                for try await report in group { #expect(report.failure == nil) }
            }
            for number in 0..<8 {
                #expect(try await service.execute("n", on: "heap\(number)").text == "3")
            }
        }
    }

    @Test("ends a run whose caller is cancelled")
    func cancel() async throws {
        try await RealWorker.run { service in
            _ = try await service.execute("let n = 1", on: "heap")
            let (lines, continuation) = AsyncStream<ConsoleLine>.makeStream()
            let request = ExecutionRequest(
                code: "console.log('here'); for (;;) {}", heap: .head(try HeapName("heap")))
            let task = Task {
                await service.execute(request, onConsole: { continuation.yield($0) })
            }
            for await _ in lines { break }
            task.cancel()
            #expect(await task.value.failure?.kind == .cancelled)
            #expect(try await service.execute("n", on: "heap").text == "1")
        }
    }

    @Test("captures what is printed")
    func console() async throws {
        try await RealWorker.run { service in
            let report = try await service.execute("console.log('a', 1); console.log('b')")
            #expect(report.console.head.map(\.text) == ["a 1", "b"])
            #expect(report.console.head.map(\.level) == [.log, .log])
        }
    }

    @Test("bounds what is printed")
    func flood() async throws {
        try await RealWorker.run { service in
            let code = "for (let i = 0; i < 100000; i++) console.log('line ' + i)"
            let report = try await service.execute(code)
            #expect(report.failure == nil)
            #expect(report.console.omission != nil)
            #expect(report.console.tail.last?.text == "line 99999")
        }
    }

    @Test(
        "ends what does not end by itself",
        arguments: ["for (;;) {}", "Array.prototype.includes.call({length: 2**53 - 1}, 5)"])
    func timeout(_ code: String) async throws {
        try await RealWorker.run { service in
            _ = try await service.execute("let n = 1", on: "heap")
            let report = try await service.execute(
                code, on: "heap", timeout: .milliseconds(300))
            #expect(report.failure?.kind == .timeout)
            #expect(try await service.execute("n", on: "heap").text == "1")
        }
    }

    @Test("outlives a script that takes all memory")
    func memory() async throws {
        try await RealWorker.run { service in
            let code = "const all = []; for (;;) all.push(new Array(1000).fill({}))"
            let report = try await service.execute(code, on: "heap")
            #expect(report.failure?.kind == .outOfMemory)
            #expect(try await service.execute("1 + 1").text == "2")
        }
    }

    @Test("starts a new template when the old one was killed")
    func templateDeath() async throws {
        try await RealWorker.run { service in
            _ = try await service.execute("let n = 1", on: "heap")
            let processID = try #require(await (service.source as? WorkerTemplate)?.processID)
            kill(processID, SIGKILL)
            await eventually { service.pool.workerCount == 0 }
            #expect(try await service.execute("n + 1", on: "heap").text == "2")
        }
    }
}

private enum RealWorker {
    static let programs: WorkerPrograms = {
        // The tests' bundle lies in the directory of products, as the worker does.
        let argument = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let bundle = URL(fileURLWithPath: argument ?? CommandLine.arguments[0])
        return WorkerPrograms(near: bundle.deletingLastPathComponent().path)
    }()

    static func run(_ body: @Sendable (ExecutionService) async throws -> Void) async throws {
        var limits = ExecutionLimits(workersMax: 4, warmByteCountMax: 1 << 30)
        // Nothing is measured here, and the machine may do something else.
        limits.timeoutDefault = .seconds(240)
        limits.heapByteCountMax = 64 << 20
        limits.snapshotByteCountMax = 64 << 20
        let launch = TemplateLaunch(
            programs: programs, heapByteCountMax: limits.heapByteCountMax, mode: .jit)
        let timeline = Timeline()
        let eventLoops = MultiThreadedEventLoopGroup.singleton
        let template = WorkerTemplate(
            eventLoop: eventLoops.next(), timeline: timeline, logger: Harness.quiet,
            launch: launch.launch)
        let service = ExecutionService(
            repository: HeapRepository(
                storage: Harness.memory, snapshotByteCountMax: limits.snapshotByteCountMax,
                logger: Harness.quiet),
            source: template, limits: limits, eventLoops: eventLoops, timeline: timeline,
            logger: Harness.quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            try await body(service)
            await service.shutdown()
            try await group.waitForAll()
        }
    }
}

extension ExecutionService {
    fileprivate func execute(
        _ code: String, on heap: String? = nil, timeout: Duration? = nil
    ) async throws -> ExecutionReport {
        let reference = try heap.map { text throws(HeapError) in try HeapReference(text) }
        return await execute(ExecutionRequest(code: code, heap: reference, timeout: timeout))
    }
}
