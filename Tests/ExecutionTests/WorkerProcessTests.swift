import NIOPosix
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Worker process", .timeLimit(.minutes(5)))
struct WorkerProcessTests {
    private static let request = EvaluateRequest(
        state: .newHeap, saving: .onValue, runNumber: 1, timeoutMilliseconds: 1000,
        outputByteCountMax: 1000, code: "1")
    private static let value = Reply.evaluated(.of(.value(ScriptValue(json: nil, text: "1"))))
    private static let line = Reply.console(ConsoleLine(level: .log, text: "hello"))

    private func withWorker<Result>(
        answering answer: @escaping FakeSource.Answer = { _, _ in },
        _ body: (WorkerProcess, FakeWorker) async throws -> Result
    ) async throws -> Result {
        let source = FakeSource(answering: answer)
        let process = try await WorkerProcess(
            id: 1, from: source, on: MultiThreadedEventLoopGroup.singleton.next(),
            snapshotByteCountMax: 2 << 20)
        defer { process.kill() }
        return try await body(process, try #require(source.workers.first))
    }

    @Test("hands on what a worker prints, as it comes and in the answer")
    func console() async throws {
        let (lines, continuation) = AsyncStream<ConsoleLine>.makeStream()
        let answer = try await withWorker(answering: { worker, _ in
            worker.say(Self.line, Self.line, Self.value)
            worker.save([1, 2, 3])
        }) { process, _ in
            await process.evaluate(Self.request, onConsole: { continuation.yield($0) })
        }
        continuation.finish()
        var streamed: [ConsoleLine] = []
        for await line in lines { streamed.append(line) }
        #expect(streamed.count == 2)
        #expect(answer.console.head == streamed)
        #expect(answer.ending == .complete)
        #expect(answer.snapshot == .made(byteCount: 3, microseconds: 1))
    }

    @Test("copies a snapshot out and gives its memory back, but the first part")
    func takeSnapshot() async throws {
        try await withWorker { process, fake in
            let kept = WorkerDescriptor.exchangeKeptByteCount
            let bytes = [UInt8](repeating: 1, count: kept + 3)
            fake.writeSnapshot(bytes)
            let snapshot = try await process.takeSnapshot(byteCount: bytes.count, slot: 0)
            #expect(snapshot == bytes)
            let left = fake.readSnapshot(byteCount: UInt64(bytes.count))
            // Whether, not what: it is a lot to print.
            let isAsExpected = left == bytes.prefix(kept) + [0, 0, 0]
            #expect(isAsExpected)
        }
    }

    @Test("sends more than the socket takes at once", arguments: [1, 1_000_000])
    func largeRequest(_ count: Int) async throws {
        var request = Self.request
        request.code = String(repeating: "1", count: count)
        let answer = try await withWorker(answering: { worker, request in
            worker.say(value: "\(request.code.utf8.count)")
            worker.save([1])
        }) { [request] process, _ in
            await process.evaluate(request, onConsole: { _ in })
        }
        guard case .value(let value) = answer.evaluation?.outcome else {
            Issue.record("ended with \(answer.ending)")
            return
        }
        #expect(value.text == "\(count)")
    }

    @Test("puts a snapshot where the worker reads it")
    func offer() async throws {
        try await withWorker { process, fake in
            try await process.offer([4, 5])
            #expect(fake.readSnapshot(byteCount: 2) == [4, 5])
        }
    }

    @Test(
        "hangs up on bytes that are no reply",
        arguments: [
            [1, 0, 0, 0, 99],  // an unknown kind
            [0, 0, 0, 0, 16],  // a frame without its kind
            [255, 255, 255, 255, 16],  // more than any frame has
            [18, 0, 0, 0, 17] + [UInt8](repeating: 0, count: 17),  // more than this kind may have
            [2, 0, 0, 0, 16, 9],  // a console line that is cut
            [1, 0, 0, 0, 1],  // a request
            [7, 0, 0, 0, 16, 1, 1, 0, 0, 0, 255],  // text that is not UTF-8
        ] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) async throws {
        let answer = try await withWorker(answering: { worker, _ in worker.say(bytes: bytes) }) {
            process, fake in
            let answer = await process.evaluate(Self.request, onConsole: { _ in })
            let exit = try await fake.ended.get()
            #expect(exit == .signalled(9))
            return answer
        }
        guard case .violated(.malformed) = answer.ending else {
            Issue.record("ended with \(answer.ending)")
            return
        }
    }

    @Test("answers whatever a worker sends", arguments: 0..<100)
    func damaged(_ seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let snapshot = Reply.snapshot(.made(byteCount: 3, microseconds: 1))
        var bytes = try [Self.line, Self.value, snapshot].flatMap { try $0.frame.encoded() }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            default: bytes.insert(bytes[index], at: index)
            }
        }
        let half = Int.random(in: 0...bytes.count, using: &random)
        let parts = [Array(bytes[..<half]), Array(bytes[half...])]
        let answer = try await withWorker(answering: { worker, _ in
            for part in parts { worker.say(bytes: part) }
            worker.end(.exited(code: 1))
        }) { process, _ in await process.evaluate(Self.request, onConsole: { _ in }) }
        #expect(answer.ending != .killed)
        #expect(answer.ending != .complete || answer.evaluation != nil)
    }

    @Test("hangs up at the header of a frame that nobody asked for, or that is too large")
    func announced() async throws {
        try await withWorker { process, fake in
            fake.say(bytes: [255, 255, 63, 0, 16])
            let exit = try? await fake.ended.get()
            #expect(exit == .signalled(9))
            let answer = await process.evaluate(Self.request, onConsole: { _ in })
            #expect(answer.ending == .violated(.outOfTurn(.console)))
        }
        for bytes: [UInt8] in [[255, 255, 63, 0, 16], [255, 255, 127, 0, 18]] {
            let answer = try await withWorker(
                answering: { worker, _ in worker.say(bytes: bytes) }
            ) { process, _ in await process.evaluate(Self.request, onConsole: { _ in }) }
            switch answer.ending {
            case .violated(.consoleTooLarge), .violated(.answerTooLarge): break
            default: Issue.record("ended with \(answer.ending)")
            }
        }
    }

    @Test("hangs up on a worker that speaks without being asked")
    func unasked() async throws {
        try await withWorker { process, fake in
            fake.say(Self.line)
            let exit = try await fake.ended.get()
            #expect(exit == .signalled(9))
            let answer = await process.evaluate(Self.request, onConsole: { _ in })
            #expect(answer.ending == .violated(.outOfTurn(.console)))
        }
    }

    @Test(
        "answers with what came before the worker's end",
        arguments: [[], [line], [line, value]])
    func death(_ replies: [Reply]) async throws {
        let answer = try await withWorker(answering: { worker, _ in
            for reply in replies { worker.say(reply) }
            worker.end(.exited(code: 1))
        }) { process, _ in await process.evaluate(Self.request, onConsole: { _ in }) }
        #expect(answer.ending == .died)
        #expect(answer.console.head.count == min(1, replies.count))
        #expect((answer.evaluation != nil) == replies.contains(Self.value))
    }

    @Test("takes an end in the middle of a frame for a death, not for a violation")
    func deathInFrame() async throws {
        let answer = try await withWorker(answering: { worker, _ in
            worker.say(bytes: [20, 0, 0, 0, 16, 1])
            worker.end(.exited(code: 1))
        }) { process, _ in await process.evaluate(Self.request, onConsole: { _ in }) }
        #expect(answer.ending == .died)
    }

    @Test("takes no end of an idle worker for a failure, though its channel is open yet")
    func idleEnd() async throws {
        try await withWorker { process, _ in
            #expect(process.failure(.exited(code: 0)) == nil)
            #expect(process.failure(.exited(code: 1)) == .other)
            #expect(process.failure(.signalled(11)) != nil)
        }
    }

    @Test("answers at once when it is killed")
    func kill() async throws {
        let answer = try await withWorker(answering: { _, _ in }) { process, fake in
            async let answer = process.evaluate(Self.request, onConsole: { _ in })
            await eventually { !process.isIdle }
            process.kill()
            let exit = try await fake.ended.get()
            #expect(exit == .signalled(9))
            return await answer
        }
        #expect(answer.ending == .killed)
    }

    @Test("does not hear a second request before the first is answered")
    func second() async throws {
        try await withWorker { process, fake in
            async let first = process.evaluate(Self.request, onConsole: { _ in })
            await eventually { !process.isIdle }
            let second = await process.evaluate(Self.request, onConsole: { _ in })
            #expect(second.ending == .unheard)
            #expect(second.evaluation == nil)
            fake.say(Self.line, Self.value)
            fake.save([1, 2, 3])
            #expect(await first.ending == .complete)
            #expect(await first.snapshot == .made(byteCount: 3, microseconds: 1))
        }
    }

    @Test("kills a worker whose caller is cancelled")
    func cancel() async throws {
        try await withWorker { process, fake in
            let task = Task { await process.evaluate(Self.request, onConsole: { _ in }) }
            await eventually { !process.isIdle }
            task.cancel()
            #expect(await task.value.ending == .killed)
            let exit = try await fake.ended.get()
            #expect(exit == .signalled(9))
        }
    }

    @Test("reports the exit and the last words of a worker that died")
    func postMortem() async throws {
        try await withWorker { process, fake in
            fake.complain("# Fatal\n\u{1B}[31m: check\0rest")
            fake.end(.signalled(5))
            let postMortem = await process.postMortem()
            #expect(postMortem.exit == .signalled(5))
            #expect(postMortem.lastWords.text == "# Fatal [31m: check")
        }
    }

    @Test("cuts last words at 500 characters")
    func longLastWords() {
        #expect(LastWords([UInt8](repeating: 65, count: 4096)).text.count == 500)
    }

    @Test(
        "maps the end of a worker to what the caller is told",
        arguments: [
            (WorkerExit.exited(code: 78), "", ExecutionFailure.Kind.outOfMemory),
            (.signalled(9), "", .workerLost),
            (.signalled(6), "terminate called: std::bad_alloc", .outOfMemory),
            (.signalled(5), "Allocation failed - process", .outOfMemory),
            (.signalled(11), "", .workerLost),
            (.exited(code: 79), "", .workerLost),
            (nil, "", .workerLost),
        ] as [(WorkerExit?, String, ExecutionFailure.Kind)])
    func mapping(_ exit: WorkerExit?, _ words: String, _ kind: ExecutionFailure.Kind) {
        let postMortem = PostMortem(exit: exit, lastWords: LastWords(Array(words.utf8)))
        #expect(postMortem.failureWhileRunning.kind == kind)
    }

    @Test("names the signal that ended a worker")
    func signalName() {
        let postMortem = PostMortem(exit: .signalled(31), lastWords: LastWords([]))
        #expect(postMortem.failureWhileRunning.message.contains("SIGSYS"))
    }
}
