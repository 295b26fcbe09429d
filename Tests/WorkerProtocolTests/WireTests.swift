import Testing
import WorkerProtocol

@Suite("Messages between server and worker")
struct WireTests {
    static let evaluation = Evaluation(
        outcome: .value(ScriptValue(json: Array("[1]".utf8), text: "[ 1 ]")), microseconds: 7,
        heapByteCount: 1 << 40)

    static let replies: [Reply] = [
        .console(ConsoleLine(level: .warn, text: "héllo\n\u{0}")),
        .consoleOmitted(ConsoleOmission(lineCount: .max, byteCount: 3)),
        .evaluated(evaluation),
        .evaluated(
            Evaluation(
                outcome: .exception(
                    ScriptError(
                        kind: .syntax, name: "SyntaxError", message: "m", stack: "s",
                        place: ScriptPlace(script: "run_js", line: 2, column: 3, source: "x"))),
                microseconds: 0, heapByteCount: 0)),
        .evaluated(
            Evaluation(outcome: .timeout(pending: "a timer"), microseconds: 1, heapByteCount: 2)),
        .evaluated(Evaluation(outcome: .outOfMemory, microseconds: 1, heapByteCount: 2)),
        .evaluated(
            Evaluation(
                outcome: .unsettled(places: "run_js:1:1"), microseconds: 1, heapByteCount: 2)),
        .snapshot(.made(byteCount: 466_000, microseconds: 4_000)),
        .snapshot(.notSerializable("a live WebAssembly.Module")),
        .snapshot(.tooLarge(byteCount: 2, limit: 1)),
        .evaluated(
            Evaluation(outcome: .value(.file), microseconds: 1, heapByteCount: 2)),
        .inspected(.described(json: Array("{}".utf8))), .inspected(.profiled(byteCount: 1 << 33)),
        .inspected(.outOfTime), .inspected(.outOfMemory), .inspected(.tooLarge),
        .snapshot(.kept),
        .snapshot(.outOfMemory),
        .saved(
            SavedSnapshot(
                runNumber: 7, slot: 1, report: .made(byteCount: 466_000, microseconds: 4_000))),
        .saved(SavedSnapshot(runNumber: .max, slot: 0, report: .notSerializable("no"))),
    ]

    static let questions: [InspectRequest.Question] = [
        .variables(depth: 2, countMax: 100), .places(of: "héllo", countMax: 1), .digests, .profile,
    ]

    static let states: [EvaluateRequest.State] = [
        .stateless, .newHeap, .snapshot(byteCount: 1 << 33), .live,
    ]

    static let templateMessages: [TemplateMessage] = [
        .ready(
            identity: EngineIdentity(
                v8Version: "10.2", buildID: "ab", mode: .jitless, nativesVersion: 1),
            codeByteCount: 1 << 40),
        .confined(SandboxReport()),
        .confined(
            SandboxReport(
                SandboxLayer.allCases.map { .init($0, .refused(errno: 38)) })),
        .confined(SandboxReport([.init(.landlock, .on), .init(.noExecutableMemory, .notNeeded)])),
        .start(workerID: 7),
        .kill(workerID: .max),
        .started(workerID: 3, processID: 4711),
        .ended(workerID: 1, status: .exited(code: 78)),
        .ended(workerID: 2, status: .signalled(9)),
    ]

    @Test("carry questions about heaps", arguments: questions)
    func question(_ question: InspectRequest.Question) throws {
        let request = Request.inspect(
            InspectRequest(
                snapshotByteCount: 1 << 33, timeoutMilliseconds: 5, byteCountMax: 7,
                question: question))
        #expect(try Request(request.frame) == request)
    }

    @Test("a reply is read back as it was written", arguments: replies)
    func replyRoundTrip(_ reply: Reply) throws {
        #expect(try Reply(reply.frame) == reply)
    }

    @Test("a request is read back as it was written", arguments: states)
    func requestRoundTrip(_ state: EvaluateRequest.State) throws {
        let request = Request.evaluate(
            EvaluateRequest(
                state: state, saving: .onValueOrException, runNumber: 9, timeoutMilliseconds: 10,
                outputByteCountMax: 11, code: "1 + '\u{1F600}'"))
        #expect(try Request(request.frame) == request)
    }

    @Test(
        "what is said between runs is read back as it was written",
        arguments: [.saveNow(runNumber: 7), .taken(slot: 1, before: .max)] as [Request])
    func remarkRoundTrip(_ request: Request) throws {
        #expect(try Request(request.frame) == request)
    }

    @Test("a slot that is not there, and a state that is kept after all, are refused")
    func badSaved() {
        let known = SavedSnapshot(
            runNumber: 1, slot: 1, report: .made(byteCount: 1, microseconds: 1))
        var payload = Reply.saved(known).frame.payload
        payload[4] = UInt8(WorkerDescriptor.exchangeSlotCount)
        #expect(throws: WireError.self) { try Reply(Frame(kind: .saved, payload: payload)) }
        let kept = Reply.saved(SavedSnapshot(runNumber: 1, slot: 1, report: .kept)).frame
        #expect(throws: WireError.self) { try Reply(kept) }
    }

    @Test("a message to or from the template is read back as written", arguments: templateMessages)
    func templateRoundTrip(_ message: TemplateMessage) throws {
        #expect(try TemplateMessage(message.encoded()) == message)
        #expect(message.encoded().count <= TemplateMessage.byteCountMax)
    }

    @Test("another version's first message tells its version", arguments: [5, 12, 400])
    func otherVersion(_ byteCount: Int) {
        let bytes = [0, 99, 0, 0, 0] + [UInt8](repeating: 255, count: byteCount - 5)
        #expect(throws: WireError.otherVersion(99)) { try TemplateMessage(bytes) }
    }

    @Test("a payload that is cut anywhere is refused", arguments: replies)
    func cutReply(_ reply: Reply) {
        let payload = reply.frame.payload
        for count in 0..<payload.count {
            #expect(throws: WireError.self) {
                try Reply(Frame(kind: reply.frame.kind, payload: Array(payload[..<count])))
            }
        }
    }

    @Test("a payload with a byte too many is refused", arguments: replies)
    func longReply(_ reply: Reply) {
        let frame = Frame(kind: reply.frame.kind, payload: reply.frame.payload + [0])
        #expect(throws: WireError.trailingBytes(count: 1)) { try Reply(frame) }
    }

    @Test("a text that is not UTF-8 is refused")
    func invalidText() {
        let payload: [UInt8] = [1, 2, 0, 0, 0, 0xc3, 0x28]
        #expect(throws: WireError.invalidText) {
            try Reply(Frame(kind: .console, payload: payload))
        }
    }

    @Test("a frame of the other direction is refused")
    func wrongDirection() {
        #expect(throws: WireError.self) { try Request(Self.replies[0].frame) }
        #expect(throws: WireError.self) { try Reply(Frame(kind: .evaluate, payload: [])) }
    }

    @Test(
        "a header is believed up to its kind's limit and no further", arguments: Frame.Kind.allCases
    )
    func headerLimit(_ kind: Frame.Kind) throws {
        let largest = try header(kind.rawValue, byteCount: kind.payloadByteCountMax + 1)
        #expect(try Frame.parseHeader(largest).payloadByteCount == kind.payloadByteCountMax)
        let tooLarge = try header(kind.rawValue, byteCount: kind.payloadByteCountMax + 2)
        #expect(throws: WireError.self) { try Frame.parseHeader(tooLarge) }
    }

    @Test("a header of no known kind or of no size is refused", arguments: [(99, 4), (16, 0)])
    func badHeader(_ tag: UInt8, _ byteCount: Int) throws {
        let header = try header(tag, byteCount: byteCount)
        #expect(throws: WireError.self) { try Frame.parseHeader(header) }
    }

    private func header(_ tag: UInt8, byteCount: Int) throws -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt32(byteCount))
        writer.write(tag)
        return writer.bytes
    }
}

extension ScriptValue {
    /// A value that is a file, and too long to be shown.
    fileprivate static var file: ScriptValue {
        var value = ScriptValue(json: nil, text: "Uint8Array(2) [ 1, 2 ]")
        value.isCut = true
        value.media = ScriptMedia(type: "image/png", bytes: [1, 2])
        return value
    }
}
