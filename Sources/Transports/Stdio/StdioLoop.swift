import Glibc
import MCP

/// Reads messages and writes answers, on one thread that waits for both.
///
/// The descriptors stay blocking, since their other holders may not expect otherwise; the loop
/// touches one only after `poll` said that it would not block.
struct StdioLoop {
    private enum Phase {
        /// Reading. Next: `answering` at the end of input, `cancelling` if the client is gone.
        case serving
        /// Nothing more is read; calls may still answer. Next: `cancelling` or `flushing`.
        case answering(until: ContinuousClock.Instant)
        /// Calls were told to end. Next: `flushing`.
        case cancelling(until: ContinuousClock.Instant)
        /// Writing what is left. Next: `ended`.
        case flushing(until: ContinuousClock.Instant)
        /// Terminal.
        case ended
    }

    private static let readByteCount = 65_536

    private let conversation: Conversation
    private let streams: StdioStreams
    private let outbox: Outbox
    private let limits: StdioLimits
    private let intake: AsyncStream<PendingAnswer>.Continuation
    private let lending: StdioTransport.Lending

    private var phase = Phase.serving
    private var framer: LineFramer
    /// How things stood when the turn began.
    private var status: Outbox.Status
    private var failure: TransportError?

    init(
        conversation: Conversation, streams: StdioStreams, outbox: Outbox,
        limits: StdioLimits, intake: AsyncStream<PendingAnswer>.Continuation,
        lending: @escaping StdioTransport.Lending
    ) {
        self.conversation = conversation
        self.streams = streams
        self.outbox = outbox
        self.limits = limits
        self.intake = intake
        self.lending = lending
        framer = LineFramer(byteCountMax: conversation.server.limits.message.byteCountMax)
        status = outbox.status
    }

    /// Serves until nothing is left to do.
    mutating func run() -> Result<Void, TransportError> {
        defer {
            intake.finish()
            outbox.close()
        }
        while true {
            status = outbox.status
            heed()
            advance(at: .now)
            if case .ended = phase { break }
            do throws(TransportError) {
                try step()
            } catch {
                failure = failure ?? error
                outbox.close()
            }
        }
        if let failure { return .failure(failure) }
        let count = status.callsRunning
        return count == 0 ? .success(()) : .failure(.callsDidNotEnd(count: count))
    }

    /// Does what follows from how things stand.
    private mutating func heed() {
        if case .stop = status.wish { cancelCalls() }
        if case .gone(let error) = status.output {
            failure = failure ?? error
            cancelCalls()
        }
    }

    /// Moves on where a phase has reached its aim or its deadline.
    private mutating func advance(at now: ContinuousClock.Instant) {
        if case .answering(let deadline) = phase {
            if status.callsRunning == 0 {
                phase = .flushing(until: now + limits.flushing)
            } else if now >= deadline {
                cancelCalls()
            }
        }
        if case .cancelling(let deadline) = phase, status.callsRunning == 0 || now >= deadline {
            phase = .flushing(until: now + limits.flushing)
        }
        if case .flushing(let deadline) = phase,
            status.unwrittenByteCount == 0 || outputNumber < 0 || now >= deadline
        {
            phase = .ended
        }
    }

    /// The descriptor that is written to; negative if nobody reads any more.
    private var outputNumber: Int32 {
        if case .open(let streams) = status.output { streams.output.number } else { -1 }
    }

    private mutating func cancelCalls() {
        switch phase {
        case .serving, .answering:
            outbox.awaitCallEnds()
            conversation.cancelCalls()
            phase = .cancelling(until: .now + limits.cancelling)
        case .cancelling, .flushing, .ended: break
        }
    }
}

// MARK: - One turn

extension StdioLoop {
    private mutating func step() throws(TransportError) {
        let ready = try waitUntilReady()
        if ready.alarm { try outbox.silence() }
        if ready.outputGone { outbox.close() }
        if ready.output { outbox.writeNext() }
        if ready.input { try read() }
    }

    private struct Readiness {
        var alarm: Bool
        var input: Bool
        var output: Bool
        var outputGone: Bool
    }

    private func waitUntilReady() throws(TransportError) -> Readiness {
        let writing = status.unwrittenByteCount == 0 ? 0 : POLLOUT
        var entries = [
            pollfd(fd: outbox.alarmNumber, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: isReading ? streams.input.number : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: outputNumber, events: Int16(writing), revents: 0),
        ]
        guard
            unsafe poll(&entries, nfds_t(entries.count), timeoutMilliseconds) >= 0 || errno == EINTR
        else { throw .systemCall(.poll, errno: errno) }
        let events = entries.map { Int32($0.revents) }
        return Readiness(
            alarm: events[0] != 0, input: events[1] != 0, output: events[2] & POLLOUT != 0,
            outputGone: events[2] & (POLLERR | POLLHUP | POLLNVAL) != 0)
    }

    /// A client that does not read its answers is not read from either.
    private var isReading: Bool {
        guard case .serving = phase else { return false }
        return status.unwrittenByteCount < limits.unwrittenByteCountMax
    }

    /// Rounded up, so that the deadline has passed when the time is over.
    private var timeoutMilliseconds: Int32 {
        switch phase {
        case .serving, .ended: return -1
        case .answering(let deadline), .cancelling(let deadline), .flushing(let deadline):
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            return Int32(max(0, min(left.rounded(.up), 60_000)))
        }
    }

    private mutating func read() throws(TransportError) {
        switch try streams.input.read(upTo: StdioLoop.readByteCount) {
        case .bytes(let bytes):
            let lines = framer.append(bytes)
            lending { receive(lines) }
        case .nothingYet: break
        case .end:
            let lines = framer.finish()
            lending { receive(lines) }
            outbox.awaitCallEnds()
            phase = .answering(until: .now + limits.answering)
        }
    }

    private func receive(_ lines: [LineFramer.Line]) {
        for line in lines {
            switch line {
            case .message(let message): follow(conversation.receive(message).reply)
            case .tooLong:
                let limit = conversation.server.limits.message.byteCountMax
                let error = MCPError.invalidRequest("A message has at most \(limit) bytes")
                follow(.answer(Answer(error: error)))
            }
        }
    }

    private func follow(_ reply: Exchange.Reply) {
        switch reply {
        case .silence: break
        case .answer(let answer): outbox.say(answer.bytes)
        case .pending(let pending):
            outbox.beginCall()
            intake.yield(pending)
        }
    }
}
