import Testing
import WorkerProtocol

@testable import Execution

@Suite("Reply sequence")
struct ReplySequenceTests {
    private static let line = Reply.console(ConsoleLine(level: .log, text: "hello"))
    private static let omission = Reply.consoleOmitted(ConsoleOmission(lineCount: 1, byteCount: 1))
    private static let value = Reply.evaluated(.of(.value(ScriptValue(json: nil, text: "1"))))
    private static let snapshot = Reply.snapshot(.made(byteCount: 10, microseconds: 1))

    private func sequence(
        saving: EvaluateRequest.Saving = .onValue, outputByteCountMax: UInt32 = 100
    ) -> ReplySequence {
        let request = EvaluateRequest(
            state: .newHeap, saving: saving, runNumber: 1, timeoutMilliseconds: 1,
            outputByteCountMax: outputByteCountMax, code: "")
        return ReplySequence(to: request, snapshotByteCountMax: 1000)
    }

    @Test("takes replies in their order")
    func order() throws {
        var sequence = sequence()
        for reply in [Self.line, Self.omission, Self.line, Self.value] {
            try sequence.accept(reply)
            #expect(!sequence.isComplete)
        }
        try sequence.accept(Self.snapshot)
        #expect(sequence.isComplete)
    }

    @Test("takes one answer to a question about a heap, within its limit")
    func inspection() throws {
        let request = InspectRequest(
            snapshotByteCount: 1, timeoutMilliseconds: 1, byteCountMax: 100, question: .digests)
        var sequence = ReplySequence(to: request, snapshotByteCountMax: 1000)
        #expect(throws: ProtocolViolation.self) { try sequence.accept(Self.value) }
        #expect(throws: ProtocolViolation.self) {
            try sequence.accept(.inspected(.profiled(byteCount: 1001)))
        }
        let json = [UInt8](repeating: 0x20, count: 100 + ReplySequence.textSlack + 1)
        #expect(throws: ProtocolViolation.self) {
            try sequence.accept(.inspected(.described(json: json)))
        }
        try sequence.accept(.inspected(.described(json: Array(json.dropLast()))))
        #expect(sequence.isComplete)
        #expect(throws: ProtocolViolation.self) { try sequence.accept(.inspected(.outOfTime)) }
    }

    @Test("refuses a file that is too large")
    func file() throws {
        var value = ScriptValue(json: nil, text: "")
        let bytes = [UInt8](repeating: 0, count: ScriptMedia.byteCountMax)
        value.media = ScriptMedia(type: "image/png", bytes: bytes)
        var sequence = sequence(saving: .never)
        try sequence.accept(.evaluated(.of(.value(value))))
        value.media?.bytes += [UInt8](repeating: 0, count: 300)
        var other = self.sequence(saving: .never)
        #expect(throws: ProtocolViolation.self) {
            try other.accept(.evaluated(.of(.value(value))))
        }
    }

    @Test("is complete without a snapshot that nobody asked for")
    func withoutSnapshot() throws {
        var sequence = sequence(saving: .never)
        try sequence.accept(Self.value)
        #expect(sequence.isComplete)
    }

    @Test(
        "refuses a reply out of turn",
        arguments: [
            [snapshot], [line, snapshot], [omission, omission], [value, line], [value, value],
            [value, omission], [value, snapshot, snapshot], [value, snapshot, line],
        ])
    func outOfTurn(_ replies: [Reply]) throws {
        var sequence = sequence()
        for reply in replies.dropLast() { try sequence.accept(reply) }
        let last = try #require(replies.last)
        #expect(throws: ProtocolViolation.outOfTurn(last.frame.kind)) {
            try sequence.accept(last)
        }
    }

    private static let call = HostCallID(number: 1)

    @Test("takes host calls as long as the script runs, in any order with what it prints")
    func hostCalls() throws {
        var sequence = sequence(saving: .never)
        try sequence.accept(Self.line)
        try sequence.withCalls(of: Self.call) { calls throws(ProtocolViolation) in
            try calls.open(Self.call)
        }
        for reply in [Self.omission, Self.line] { try sequence.accept(reply) }
        let (next, isReported) = try sequence.withCalls(of: Self.call) { calls in
            (calls.beginNext(), calls.close(Self.call))
        }
        #expect(next == Self.call)
        #expect(isReported)
        try sequence.accept(Self.value)
        #expect(sequence.isComplete)
    }

    @Test("refuses host calls when the script is over", arguments: [[value], [value, snapshot]])
    func lateHostCall(_ replies: [Reply]) throws {
        var sequence = sequence()
        for reply in replies { try sequence.accept(reply) }
        #expect(throws: ProtocolViolation.hostCallOutOfTurn(1)) {
            try sequence.withCalls(of: Self.call) { calls throws(ProtocolViolation) in
                try calls.open(Self.call)
            }
        }
    }

    @Test("refuses a value while host calls are open, and no other end")
    func openHostCalls() throws {
        var sequence = sequence(saving: .never)
        try sequence.withCalls(of: Self.call) { calls throws(ProtocolViolation) in
            try calls.open(Self.call)
        }
        let open = sequence
        #expect(throws: ProtocolViolation.hostCallsOpen) { try sequence.accept(Self.value) }
        let outcomes = [
            ScriptOutcome.exception(.sample(.exception)), .timeout(pending: nil), .outOfMemory,
        ]
        for outcome in outcomes {
            var sequence = open
            try sequence.accept(.evaluated(.of(outcome)))
            #expect(sequence.isComplete)
        }
    }

    @Test("takes no host calls of an inspection")
    func hostCallOfInspection() {
        let request = InspectRequest(
            snapshotByteCount: 1, timeoutMilliseconds: 1, byteCountMax: 100, question: .digests)
        var sequence = ReplySequence(to: request, snapshotByteCountMax: 1000)
        #expect(throws: ProtocolViolation.hostCallOutOfTurn(1)) {
            try sequence.withCalls(of: Self.call) { calls throws(ProtocolViolation) in
                try calls.open(Self.call)
            }
        }
    }

    @Test(
        "knows which outcomes are followed by a snapshot",
        arguments: [
            (EvaluateRequest.Saving.onValue, ScriptOutcome.exception(.sample(.exception)), false),
            (.onValueOrException, .exception(.sample(.exception)), true),
            (.onValueOrException, .exception(.sample(.syntax)), false),
            (.onValueOrException, .timeout(pending: nil), false),
            (.onValueOrException, .outOfMemory, false),
            (.onValueOrException, .unsettled(places: ""), false),
            (.never, .value(ScriptValue(json: nil, text: "")), false),
        ])
    func covers(_ saving: EvaluateRequest.Saving, _ outcome: ScriptOutcome, _ isCovered: Bool) {
        #expect(saving.covers(outcome) == isCovered)
    }

    @Test("allows console output up to its limit and one line over it")
    func consoleLimit() throws {
        var sequence = sequence()
        let line = Reply.console(ConsoleLine(level: .log, text: String(repeating: "a", count: 34)))
        for _ in 0..<3 { try sequence.accept(line) }
        #expect(throws: ProtocolViolation.consoleTooLarge(byteCount: 200, limit: 100)) {
            try sequence.accept(line)
        }
    }

    @Test("counts empty lines")
    func emptyLines() throws {
        var sequence = sequence()
        let line = Reply.console(ConsoleLine(level: .log, text: ""))
        for _ in 0..<7 { try sequence.accept(line) }
        #expect(throws: ProtocolViolation.self) { try sequence.accept(line) }
    }

    @Test("refuses a single line that is far over the limit")
    func longLine() {
        var sequence = sequence()
        let text = String(repeating: "a", count: 101 + ReplySequence.textSlack)
        #expect(throws: ProtocolViolation.self) {
            try sequence.accept(.console(ConsoleLine(level: .log, text: text)))
        }
    }

    @Test("allows a result at its limit and none over it")
    func resultLimit() throws {
        let limit = 100 + ReplySequence.textSlack
        let json = [UInt8](repeating: 49, count: limit)
        var first = sequence()
        try first.accept(.evaluated(.of(.value(ScriptValue(json: json, text: "")))))
        var second = sequence()
        #expect(throws: ProtocolViolation.answerTooLarge(byteCount: limit + 1, limit: limit)) {
            try second.accept(.evaluated(.of(.value(ScriptValue(json: json + [49], text: "")))))
        }
    }

    @Test("refuses a snapshot over its limit")
    func snapshotLimit() throws {
        var sequence = sequence()
        try sequence.accept(Self.value)
        #expect(throws: ProtocolViolation.answerTooLarge(byteCount: 1001, limit: 1000)) {
            try sequence.accept(.snapshot(.made(byteCount: 1001, microseconds: 0)))
        }
    }
}
