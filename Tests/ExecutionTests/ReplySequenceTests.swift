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
