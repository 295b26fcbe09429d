import Foundation
import Logging
import MCP
import Synchronization

/// Messages over the pipes of a server's process, many at a time.
///
/// A thread of its own reads; whoever sends writes at once, and the thread writes what the pipe had
/// no room for.
final class StdioWire: Wire {
    private typealias Waiter = CheckedContinuation<Result<Reply, UpstreamError>, Never>

    private enum Phase {
        /// Next: `closing`, `over`.
        case open
        /// Nothing more is sent. Next: `over`.
        case closing
        /// Terminal; why nothing is answered any more.
        case over(UpstreamError)
    }

    private struct State: ~Copyable {
        var phase = Phase.open
        var input: Descriptor?
        var outgoing: Outgoing
        var calls = CallTable<Waiter>()
    }

    private let state: Mutex<State>
    private let inbox: Inbox
    private let limits: UpstreamLimits
    /// Wakes the thread.
    private let wakeUp: WakeUp
    private let end = CancellationSignal()

    /// Takes over a server that runs.
    ///
    /// - Parameters:
    ///   - streams: descriptors that do not block.
    ///   - process: nil where what is at the other end of the pipes needs no care.
    init(
        _ streams: consuming ServerStreams, process: ServerProcess?, wakeUp: WakeUp, inbox: Inbox,
        limits: UpstreamLimits, scrubber: Scrubber, log: Logger,
        onEnd: @escaping @Sendable (any Wire, UpstreamError) -> Void
    ) {
        state = Mutex(
            State(
                input: streams.input,
                outgoing: Outgoing(byteCountMax: limits.unwrittenByteCountMax)))
        self.inbox = inbox
        self.limits = limits
        self.wakeUp = wakeUp
        let loop = StdioLoop(
            wire: self, output: streams.output, complaints: streams.complaints,
            process: process, wakeUp: wakeUp, limits: limits, scrubber: scrubber, log: log)
        Thread.detachNewThread { [self] in
            let error = loop.run()
            // Whoever is told by `finish` finds that known already.
            onEnd(self, error)
            finish(error)
        }
    }

    /// Starts a server.
    static func start(
        _ command: ServerCommand, inbox: Inbox, limits: UpstreamLimits, log: Logger,
        onEnd: @escaping @Sendable (any Wire, UpstreamError) -> Void
    ) throws(UpstreamError) -> StdioWire {
        let wakeUp = try WakeUp()
        let started = try ServerProcess.start(command)
        return StdioWire(
            started.streams, process: started.process, wakeUp: wakeUp, inbox: inbox,
            limits: limits, scrubber: Scrubber(command.environment.values), log: log, onEnd: onEnd)
    }

    var isGone: Bool {
        state.withLock { if case .open = $0.phase { false } else { true } }
    }

    func ask(_ question: Question, as dialect: Dialect) async throws(UpstreamError) -> Reply {
        let id = state.withLock { $0.calls.makeID() }
        let message = dialect.encode(question, id: id)
        guard message.count <= limits.requestByteCountMax else { throw .requestTooLarge(limits) }
        inbox.beginProgress(of: id, question.onProgress)
        defer { inbox.endProgress(of: id) }
        // A handshake may not be cancelled.
        let isCancellable = question.method != "initialize"
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                begin(id, message, waiter)
                if Task.isCancelled { abandon(id, tellingServer: isCancellable) }
            }
        } onCancel: {
            abandon(id, tellingServer: isCancellable)
        }
        return try result.get()
    }

    func notify(_ notice: [UInt8], as dialect: Dialect) async throws(UpstreamError) {
        let result = state.withLock { Self.send(notice, id: nil, &$0) }
        try after(result)
    }

    /// A server that speaks the older era tells of changes unasked.
    func listen(as dialect: Dialect) async {
        guard dialect.revision.era == .modern else { return await end.wait() }
        _ = try? await ask(.listenForChanges, as: dialect)
    }

    func close() async {
        state.withLock { state in
            if case .open = state.phase { state.phase = .closing }
        }
        wakeUp.send()
        // Also for a caller that was cancelled: a process must not be left behind.
        await withCheckedContinuation { continuation in end.onSend { continuation.resume() } }
    }
}

// MARK: - Sending

extension StdioWire {
    private enum Sent {
        /// All of it is in the pipe.
        case written
        /// The thread has to write the rest.
        case waiting
        case refused(UpstreamError)
    }

    private func begin(_ id: Int, _ message: [UInt8], _ waiter: Waiter) {
        let sent = state.withLock { state -> Sent in
            state.calls.begin(id, waiter)
            let sent = Self.send(message, id: id, &state)
            if case .refused = sent { _ = state.calls.abandon(id) }
            return sent
        }
        switch sent {
        case .written: break
        case .waiting: wakeUp.send()
        case .refused(let error): waiter.resume(returning: .failure(error))
        }
    }

    private func abandon(_ id: Int, tellingServer: Bool) {
        let (entry, sent) = state.withLock { state -> (CallTable<Waiter>.Entry?, Sent) in
            guard let entry = state.calls.abandon(id) else { return (nil, .written) }
            if state.outgoing.withdraw(id) || !tellingServer { return (entry, .written) }
            let notice = Notice.cancelled(id: id, reason: "the caller no longer waits")
            return (entry, Self.send(notice, id: nil, &state))
        }
        if case .waiting = sent { wakeUp.send() }
        guard let entry else { return }
        var error = UpstreamError.callerGone
        error.delivery = entry.delivery
        entry.waiter.resume(returning: .failure(error))
    }

    private static func send(_ message: [UInt8], id: Int?, _ state: inout State) -> Sent {
        switch state.phase {
        case .open: break
        case .closing: return .refused(.stopped)
        case .over(let error): return .refused(error.asNotSent)
        }
        guard state.outgoing.append(message, id: id) else { return .refused(.serverDoesNotRead) }
        return flush(&state) ? .written : .waiting
    }

    /// Writes what the pipe takes; whether that was all.
    private static func flush(_ state: inout State) -> Bool {
        while let (bytes, id) = state.outgoing.front {
            // Where it was closed the thread will see why.
            guard let count = state.input?.write(bytes) ?? nil else { return true }
            if count == 0 { return false }
            if let id { state.calls.didSend(id) }
            state.outgoing.consume(count)
        }
        return true
    }

    private func after(_ sent: Sent) throws(UpstreamError) {
        switch sent {
        case .written: break
        case .waiting: wakeUp.send()
        case .refused(let error): throw error
        }
    }
}

// MARK: - For the thread

extension StdioWire {
    /// Writes on, when the pipe has room again.
    func flush() { state.withLock { _ = Self.flush(&$0) } }

    /// The descriptor to watch for room; nil where nothing waits to be written.
    var awaitedInput: Int32? {
        state.withLock { state in
            state.outgoing.isEmpty ? nil : state.input?.number
        }
    }

    /// Whether somebody wants the server to end.
    var isClosing: Bool {
        state.withLock { if case .closing = $0.phase { true } else { false } }
    }

    /// Lets the server read to its end of input.
    func closeInput() { state.withLock { $0.input = nil } }

    /// Takes in a line; an error where the server is to be given up.
    func take(_ line: LineSplitter.Line) -> UpstreamError? {
        let isSound: Bool
        switch line {
        case .tooLong(let id): isSound = refuse(id, .answerTooLarge(limits))
        case .message(let text):
            do {
                let json = try JSON(parsing: text, limits: limits.message)
                isSound = (json.array ?? [json]).allSatisfy { take(ServerMessage($0)) }
            } catch {
                isSound = takeUnreadable(text, error)
            }
        }
        return isSound ? nil : .nonsense
    }

    private func takeUnreadable(_ text: [UInt8], _ error: MCPError) -> Bool {
        guard case .malformedJSON(let fault, _) = error,
            fault == .tooDeep || fault == .tooManyValues
        else { return inbox.take(.useless("a line that is no JSON"), answering: { _ in }) }
        var scanner = AnswerIDScanner()
        scanner.scan(text)
        return refuse(scanner.id, .answerTooLarge(limits))
    }

    private func refuse(_ id: RequestID?, _ error: UpstreamError) -> Bool {
        guard let id, case .waiter(let waiter) = state.withLock({ $0.calls.answer(id) }) else {
            return inbox.take(.useless("a message that is too large"), answering: { _ in })
        }
        inbox.tookAnswer()
        waiter.resume(returning: .failure(error))
        return true
    }

    private func take(_ message: ServerMessage) -> Bool {
        guard case .answer(let id, let answer) = message else {
            return inbox.take(message) { [weak self] bytes in self?.reply(bytes) }
        }
        switch state.withLock({ $0.calls.answer(id) }) {
        case .waiter(let waiter):
            inbox.tookAnswer()
            waiter.resume(returning: answer.reply)
        case .abandoned: break
        case .unasked: return inbox.take(message) { _ in }
        }
        return true
    }

    private func reply(_ bytes: [UInt8]) {
        let sent = state.withLock { Self.send(bytes, id: nil, &$0) }
        if case .waiting = sent { wakeUp.send() }
    }

    private func finish(_ error: UpstreamError) {
        let entries = state.withLock { state in
            state.phase = .over(error)
            state.input = nil
            return state.calls.removeAll()
        }
        for entry in entries {
            var error = error
            error.delivery = entry.delivery
            entry.waiter.resume(returning: .failure(error))
        }
        end.send()
    }
}
