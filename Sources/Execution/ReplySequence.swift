package import WorkerProtocol

/// What a worker did that no honest worker does.
package enum ProtocolViolation: Error, Hashable, Sendable {
    /// Bytes that are no frame or no reply.
    case malformed(WireError)
    /// A reply that may not come now.
    case outOfTurn(Frame.Kind)
    /// More console output than the request allows.
    case consoleTooLarge(byteCount: Int, limit: Int)
    /// A result, or a snapshot, over its limit.
    case answerTooLarge(byteCount: Int, limit: Int)
    /// A host call whose number is not above all before, that is not known, or that comes when no
    /// script runs.
    case hostCallOutOfTurn(UInt32)
    /// More host calls than a run may make.
    case tooManyHostCalls(limit: Int)
    /// A value, although the script waits for answers.
    case hostCallsOpen
}

extension ProtocolViolation: CustomStringConvertible {
    /// What it did, in a few words.
    package var description: String {
        switch self {
        case .malformed(let error): "it sent what is no reply: \(error)"
        case .outOfTurn(let kind): "it sent a reply that may not come now (\(kind))"
        case .consoleTooLarge(let byteCount, let limit):
            "it printed \(byteCount) bytes, and at most \(limit) are allowed"
        case .answerTooLarge(let byteCount, let limit):
            "its answer has \(byteCount) bytes, and at most \(limit) are allowed"
        case .hostCallOutOfTurn(let number): "it sent what may not come now of host call \(number)"
        case .tooManyHostCalls(let limit): "it made more than \(limit) host calls"
        case .hostCallsOpen: "its script gave a value while host calls were open"
        }
    }
}

/// The replies to one request, in the order in which they may come: `console* consoleOmitted?
/// console* evaluated snapshot?` to a run, `inspected` to an inspection.
///
/// As long as the script runs it may also make host calls, in any order with what it prints, and is
/// told how they ended. `evaluated` is the only end of that: the calls go with it.
struct ReplySequence: Sendable {
    private enum State {
        /// The script runs. Next: any but a snapshot.
        case evaluating(HostCalls, Output)
        /// Next: snapshot.
        case saving
        /// Next: inspected.
        case inspecting
        /// Terminal.
        case complete
    }

    private enum Output {
        /// Next: console, consoleOmitted.
        case head
        /// Output was left out. Next: console.
        case tail
    }

    /// What a worker may add where it cuts a text at the limit.
    static let textSlack = 16 << 10
    private static let mediaTypeByteCountMax = 255
    /// What a reply's other fields take at most.
    private static let fieldSlack = 256

    private let saving: EvaluateRequest.Saving
    private let isKept: Bool
    private let outputByteCountMax: Int
    private let snapshotByteCountMax: Int
    private var state = State.evaluating(HostCalls(), .head)
    private var consoleByteCount = 0

    init(to request: EvaluateRequest, snapshotByteCountMax: Int) {
        saving = request.saving
        isKept = request.savingDelayMilliseconds > 0
        outputByteCountMax = Int(request.outputByteCountMax)
        self.snapshotByteCountMax = snapshotByteCountMax
    }

    init(to request: InspectRequest, snapshotByteCountMax: Int) {
        saving = .never
        isKept = false
        outputByteCountMax = Int(request.byteCountMax)
        self.snapshotByteCountMax = snapshotByteCountMax
        state = .inspecting
    }

    /// Whether it may be said that a state is kept.
    var mayKeep: Bool { isKept && !isComplete }

    /// Whether the request is answered.
    var isComplete: Bool { if case .complete = state { true } else { false } }

    /// Judges the size of a reply that begins: three texts at most, each within its limit, and what
    /// is shown as an image or a sound.
    func expect(_ kind: Frame.Kind, byteCount: Int) throws(ProtocolViolation) {
        let limit = outputByteCountMax + ReplySequence.textSlack
        let mediaLimit = ScriptMedia.byteCountMax + ReplySequence.mediaTypeByteCountMax
        switch kind {
        case .console where byteCount > limit + ReplySequence.fieldSlack:
            throw .consoleTooLarge(byteCount: byteCount, limit: limit)
        case .evaluated where byteCount > 3 * limit + mediaLimit + ReplySequence.fieldSlack:
            throw .answerTooLarge(byteCount: byteCount, limit: limit)
        default: break
        }
    }

    /// Checks the next reply.
    mutating func accept(_ reply: Reply) throws(ProtocolViolation) {
        switch (state, reply) {
        case (.evaluating, .console(let line)):
            try count(line)
        case (.evaluating(let calls, .head), .consoleOmitted):
            state = .evaluating(calls, .tail)
        case (.evaluating(let calls, _), .evaluated(let evaluation)):
            try check(evaluation.outcome)
            if case .value(let value) = evaluation.outcome {
                if let media = value.media { try check(media) }
                // A run lasts until its calls are over; what else ends it ends them.
                guard calls.isEmpty else { throw .hostCallsOpen }
            }
            state = saving.covers(evaluation.outcome) ? .saving : .complete
        case (.saving, .snapshot(.kept)) where isKept:
            state = .complete
        case (.saving, .snapshot(.made)) where isKept, (.saving, .snapshot(.kept)):
            throw .outOfTurn(reply.frame.kind)
        case (.saving, .snapshot(let report)):
            if case .made(let byteCount, _) = report, byteCount > snapshotByteCountMax {
                let count = Int(clamping: byteCount)
                throw .answerTooLarge(byteCount: count, limit: snapshotByteCountMax)
            }
            state = .complete
        case (.inspecting, .inspected(let report)):
            try check(report)
            state = .complete
        default:
            throw .outOfTurn(reply.frame.kind)
        }
    }

    /// Does something to the host calls of the script, as long as it runs: nothing begins, and
    /// nothing is told, when it is over.
    ///
    /// - Throws: ``ProtocolViolation/hostCallOutOfTurn(_:)`` when it does not run.
    mutating func withCalls<Result>(
        of id: HostCallID, _ body: (inout HostCalls) throws(ProtocolViolation) -> Result
    ) throws(ProtocolViolation) -> Result {
        guard case .evaluating(var calls, let output) = state else {
            throw .hostCallOutOfTurn(id.number)
        }
        defer { state = .evaluating(calls, output) }
        return try body(&calls)
    }

    /// The last line may go over the limit: its worker counts before it knows how long the next one
    /// is.
    private mutating func count(_ line: ConsoleLine) throws(ProtocolViolation) {
        let limit = outputByteCountMax
        guard consoleByteCount <= limit, line.text.utf8.count <= limit + ReplySequence.textSlack
        else { throw .consoleTooLarge(byteCount: consoleByteCount + line.byteCost, limit: limit) }
        consoleByteCount += line.byteCost
    }

    private func check(_ media: ScriptMedia) throws(ProtocolViolation) {
        let byteCount = media.bytes.count + media.type.utf8.count
        let limit = ScriptMedia.byteCountMax + ReplySequence.mediaTypeByteCountMax
        if byteCount > limit { throw .answerTooLarge(byteCount: byteCount, limit: limit) }
    }

    private func check(_ report: InspectionReport) throws(ProtocolViolation) {
        let (byteCount, limit) =
            switch report {
            case .described(let json): (json.count, outputByteCountMax + ReplySequence.textSlack)
            case .profiled(let byteCount): (Int(clamping: byteCount), snapshotByteCountMax)
            case .outOfTime, .outOfMemory, .tooLarge: (0, 0)
            }
        if byteCount > limit { throw .answerTooLarge(byteCount: byteCount, limit: limit) }
    }

    private func check(_ outcome: ScriptOutcome) throws(ProtocolViolation) {
        let texts: [Int] =
            switch outcome {
            case .value(let value): [value.json?.count ?? 0, value.text.utf8.count]
            case .exception(let error):
                [
                    error.name.utf8.count, error.message.utf8.count, error.stack.utf8.count,
                    error.place?.source?.utf8.count ?? 0, error.place?.script.utf8.count ?? 0,
                ]
            case .timeout(let pending): [pending?.utf8.count ?? 0]
            case .unsettled, .outOfMemory: []
            }
        let limit = outputByteCountMax + ReplySequence.textSlack
        if let byteCount = texts.max(), byteCount > limit {
            throw .answerTooLarge(byteCount: byteCount, limit: limit)
        }
    }
}
