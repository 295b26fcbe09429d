import Synchronization
package import WorkerProtocol

/// Everything that came back for one request.
package struct WorkerAnswer: Sendable {
    /// How the conversation stands after the answer.
    package enum Ending: Hashable, Sendable {
        /// All that was asked for came; the worker waits for the next request.
        case complete
        /// The worker was gone, or had another request, before it could hear this one: nothing of
        /// it ran.
        case unheard
        /// The worker's end of the channel was closed.
        case died
        /// The worker was hung up on.
        case violated(ProtocolViolation)
        /// The server ended the worker.
        case killed
    }

    /// What the script printed.
    package var console = ConsoleTranscript()
    /// How the script ended; nil if that was not told.
    package var evaluation: Evaluation?
    /// What became of the snapshot; nil if none is due, or that was not told.
    package var snapshot: SnapshotReport?
    /// What an inspection found out; nil if none was asked for, or that was not told.
    package var inspection: InspectionReport?
    /// How the conversation stands.
    package var ending = Ending.complete
}

/// What is said to and by one worker: one request at a time, and whatever belongs to it until its
/// answer has come.
final class WorkerConversation: Sendable {
    /// What the channel does next.
    enum Directive {
        case listen
        case hangUp
    }

    /// How far a request has come.
    enum Departure {
        /// It, or its beginning, is on its way.
        case complete
        /// It will be, and ``noteSent()`` is called then.
        case later
        /// The worker's end is closed.
        case failed
    }

    /// A request, and what has been said of it so far.
    private struct Exchange {
        var sequence: ReplySequence
        var answer = WorkerAnswer()
        let onConsole: @Sendable (ConsoleLine) -> Void
        let continuation: CheckedContinuation<WorkerAnswer, Never>
    }

    private enum State {
        /// Next: `open`, `ended`.
        case idle
        /// Next: `idle`, `ended`.
        case open(Exchange)
        /// Terminal. Whether nothing was asked then, and whether the worker may still say that it
        /// keeps the state of what was.
        case ended(WorkerAnswer.Ending, wasIdle: Bool, mayKeep: Bool)
    }

    /// What becomes of the states that the worker keeps.
    let saved: AsyncStream<SavedSnapshot>

    private let state = Mutex(State.idle)
    /// Whether the last request was written to a channel whose other end was open.
    private let isSent = Atomic(false)
    private let snapshotByteCountMax: Int
    private let savedContinuation: AsyncStream<SavedSnapshot>.Continuation
    /// How many states the worker said to keep without having said what became of them: of those
    /// that later ones took the place of it says nothing.
    private let keptCount = Atomic(0)

    init(snapshotByteCountMax: Int) {
        self.snapshotByteCountMax = snapshotByteCountMax
        (saved, savedContinuation) = AsyncStream.makeStream()
    }

    /// Whether a request may be made.
    var isIdle: Bool {
        state.withLock { if case .idle = $0 { true } else { false } }
    }

    /// How it ended; nil while it goes on.
    var ending: WorkerAnswer.Ending? {
        state.withLock { if case .ended(let ending, _, _) = $0 { ending } else { nil } }
    }

    /// Whether it ended while nothing was asked.
    var endedIdle: Bool {
        state.withLock { if case .ended(_, true, _) = $0 { true } else { false } }
    }

    /// Notes that a request is about to be sent; `send` is called if the worker still listens, and
    /// must not come back to here. Before the one before is answered it is not heard.
    func ask(
        _ request: EvaluateRequest, onConsole: @escaping @Sendable (ConsoleLine) -> Void,
        continuation: CheckedContinuation<WorkerAnswer, Never>, send: () -> Departure
    ) {
        begin(
            ReplySequence(to: request, snapshotByteCountMax: snapshotByteCountMax),
            onConsole: onConsole, continuation: continuation, send: send)
    }

    /// Notes that a question about a heap is about to be sent, under the same rules.
    func ask(
        _ request: InspectRequest, continuation: CheckedContinuation<WorkerAnswer, Never>,
        send: () -> Departure
    ) {
        begin(
            ReplySequence(to: request, snapshotByteCountMax: snapshotByteCountMax),
            onConsole: { _ in }, continuation: continuation, send: send)
    }

    private func begin(
        _ sequence: ReplySequence, onConsole: @escaping @Sendable (ConsoleLine) -> Void,
        continuation: CheckedContinuation<WorkerAnswer, Never>, send: () -> Departure
    ) {
        var departure = Departure.complete
        let ending = state.withLock { state -> WorkerAnswer.Ending? in
            switch state {
            case .idle:
                state = .open(
                    Exchange(
                        sequence: sequence, onConsole: onConsole, continuation: continuation))
                departure = send()
                isSent.store(departure == .complete, ordering: .relaxed)
                return nil
            case .open: return .unheard
            case .ended(let ending, _, _): return ending
            }
        }
        if let ending {
            let answer = WorkerAnswer(ending: ending == .died ? .unheard : ending)
            continuation.resume(returning: answer)
        } else if departure == .failed {
            end(.died)
        }
    }

    /// Notes that the request has left; to be called where the channel's end is announced.
    func noteSent() {
        isSent.store(true, ordering: .relaxed)
    }

    /// Judges what a header announces, before anything is buffered for it: a worker that nothing is
    /// asked of says nothing, and the others no more than they were allowed.
    func expect(_ kind: Frame.Kind, byteCount: Int) throws(ProtocolViolation) {
        if kind == .saved { return try expectSaved() }
        try state.withLock { state throws(ProtocolViolation) in
            switch state {
            case .idle: throw .outOfTurn(kind)
            case .open(let exchange): try exchange.sequence.expect(kind, byteCount: byteCount)
            case .ended: break
            }
        }
    }

    /// Takes what the worker said.
    func receive(_ frame: Frame) -> Directive {
        let reply: Reply
        do throws(WireError) { reply = try Reply(frame) } catch {
            end(.violated(.malformed(error)))
            return .hangUp
        }
        do throws(ProtocolViolation) {
            try take(reply)
            return .listen
        } catch {
            end(.violated(error))
            return .hangUp
        }
    }

    /// Ends the conversation; a request that is open is answered with what came so far.
    func end(_ ending: WorkerAnswer.Ending) {
        endRequests(ending)
        savedContinuation.finish()
    }

    /// Ends requests and their answers; what becomes of kept states may still be told.
    func endRequests(_ ending: WorkerAnswer.Ending) {
        let exchange = state.withLock { state -> Exchange? in
            if case .ended = state { return nil }
            guard case .open(let exchange) = state else {
                state = .ended(ending, wasIdle: true, mayKeep: false)
                return nil
            }
            state = .ended(ending, wasIdle: false, mayKeep: exchange.sequence.mayKeep)
            return exchange
        }
        guard var exchange else { return }
        exchange.answer.ending =
            ending == .died && !isSent.load(ordering: .relaxed) ? .unheard : ending
        exchange.continuation.resume(returning: exchange.answer)
    }

    private func take(_ reply: Reply) throws(ProtocolViolation) {
        if case .saved(let saved) = reply { return try take(saved) }
        let exchange = try state.withLock { state throws(ProtocolViolation) -> Exchange? in
            switch state {
            case .idle: throw .outOfTurn(reply.frame.kind)
            case .ended(let ending, let wasIdle, mayKeep: true):
                guard case .snapshot(.kept) = reply else { return nil }
                state = .ended(ending, wasIdle: wasIdle, mayKeep: false)
                keptCount.add(1, ordering: .relaxed)
                return nil
            case .ended: return nil
            case .open(var exchange):
                // The state lets go of its copy, so that what the answer holds is not copied for
                // each line.
                state = .idle
                defer { if !exchange.sequence.isComplete { state = .open(exchange) } }
                try exchange.sequence.accept(reply)
                exchange.answer.add(reply)
                return exchange
            }
        }
        guard let exchange else { return }
        if case .snapshot(.kept) = reply { keptCount.add(1, ordering: .relaxed) }
        if case .console(let line) = reply { exchange.onConsole(line) }
        if exchange.sequence.isComplete {
            exchange.continuation.resume(returning: exchange.answer)
        }
    }
}

extension WorkerConversation {
    /// It may come at any time, but only as often as a state was kept.
    private func expectSaved() throws(ProtocolViolation) {
        guard keptCount.load(ordering: .relaxed) > 0 else { throw .outOfTurn(.saved) }
    }

    private func take(_ saved: SavedSnapshot) throws(ProtocolViolation) {
        try expectSaved()
        keptCount.subtract(1, ordering: .relaxed)
        if case .made(let byteCount, _) = saved.report, byteCount > snapshotByteCountMax {
            throw .answerTooLarge(
                byteCount: Int(clamping: byteCount), limit: snapshotByteCountMax)
        }
        savedContinuation.yield(saved)
    }
}

extension WorkerAnswer {
    fileprivate mutating func add(_ reply: Reply) {
        switch reply {
        case .console(let line): console.append(line)
        case .consoleOmitted(let omission): console.append(omission)
        case .evaluated(let evaluation): self.evaluation = evaluation
        // What a run leaves behind is a part of it.
        case .snapshot(.outOfMemory): evaluation?.outcome = .outOfMemory
        case .snapshot(let report): snapshot = report
        case .inspected(let report): inspection = report
        case .saved: break
        }
    }
}
