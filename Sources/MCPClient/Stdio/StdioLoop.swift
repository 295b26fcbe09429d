internal import Glibc
import Logging
import MCP

/// Waits for all that a server's process may do, on one thread, from its start to its end.
// Safe because only the one thread that calls `run` touches what changes.
final class StdioLoop: @unchecked Sendable {
    private enum Phase {
        /// Next: `leaving`, `terminating`, `ended`.
        case serving
        /// Its input is closed, and it should end by itself. Next: `terminating`, `ended`.
        case leaving(until: ContinuousClock.Instant)
        /// It was told to end by a signal. Next: `ended`, by force after a while.
        case terminating(until: ContinuousClock.Instant)
        /// Terminal.
        case ended
    }

    private static let readByteCount = 65_536
    /// Reads of what a process left behind; a child of it may go on writing.
    private static let lastReadCountMax = 1_024

    private unowned let wire: StdioWire
    private let output: Descriptor
    private let complaints: Descriptor
    private let process: ServerProcess?
    private let wakeUp: WakeUp
    private let limits: UpstreamLimits

    private var phase = Phase.serving
    private var splitter: LineSplitter
    private var diary: ComplaintLog
    private var outputIsOpen = true
    private var complaintsAreOpen = true
    /// Why the server was given up, where that was not its own doing.
    private var fault: UpstreamError?

    init(
        wire: StdioWire, output: consuming Descriptor, complaints: consuming Descriptor,
        process: ServerProcess?, wakeUp: WakeUp, limits: UpstreamLimits,
        scrubber: Scrubber, log: Logger
    ) {
        self.wire = wire
        self.output = output
        self.complaints = complaints
        self.process = process
        self.wakeUp = wakeUp
        self.limits = limits
        splitter = LineSplitter(byteCountMax: limits.message.byteCountMax)
        diary = ComplaintLog(limits: limits, scrubber: scrubber, log: log)
    }

    /// Returns when the server is gone, and all that it started with it.
    func run() -> UpstreamError {
        while true {
            if wire.isClosing {
                fault = fault ?? .stopped
                leave()
            }
            advance(at: .now)
            if case .ended = phase { break }
            step()
        }
        if fault == nil { splitter.finish { take($0) } }
        let end = process?.reap() ?? "it closed its output"
        return fault ?? .ended(end, lastWords: diary.lastLine)
    }

    private func advance(at now: ContinuousClock.Instant) {
        switch phase {
        case .leaving(let deadline) where now >= deadline: terminate()
        case .terminating(let deadline) where now >= deadline:
            // Reaping kills first.
            phase = .ended
        default: break
        }
    }

    private func leave() {
        guard case .serving = phase else { return }
        wire.closeInput()
        phase = .leaving(until: .now + limits.leaveTimeout)
    }

    private func terminate() {
        wire.closeInput()
        process?.signalGroup(SIGTERM)
        phase = .terminating(until: .now + (process == nil ? .zero : limits.terminationTimeout))
    }

    private func step() {
        let awaited = wire.awaitedInput
        let entries = [
            (wakeUp.number, POLLIN), (outputIsOpen ? output.number : -1, POLLIN),
            (complaintsAreOpen ? complaints.number : -1, POLLIN), (awaited ?? -1, POLLOUT),
            (process?.end ?? -1, POLLIN),
        ]
        var polled = entries.map { pollfd(fd: $0.0, events: Int16($0.1), revents: 0) }
        let count = unsafe poll(&polled, nfds_t(polled.count), millisecondsLeft)
        guard count > 0 else { return }
        if polled[0].revents != 0 { wakeUp.clear() }
        if polled[3].revents != 0 { wire.flush() }
        if polled[2].revents != 0 { complaintsAreOpen = readComplaints() != .end }
        if polled[1].revents != 0, readOutput() == .end {
            outputIsOpen = false
            // One that can say nothing more is of no use.
            leave()
            if process == nil { phase = .ended }
        }
        if polled[4].revents != 0 {
            for _ in 0..<Self.lastReadCountMax where readOutput() == .more {}
            for _ in 0..<Self.lastReadCountMax where readComplaints() == .more {}
            phase = .ended
        }
    }

    private var millisecondsLeft: Int32 {
        switch phase {
        case .serving, .ended: -1
        case .leaving(let deadline), .terminating(let deadline):
            Int32(max(0, min(60_000, (deadline - .now) / .milliseconds(1) + 1)))
        }
    }

    private enum Progress {
        case more
        case nothing
        case end
    }

    private func readOutput() -> Progress {
        switch output.read(upTo: Self.readByteCount) {
        case .nothingYet: return .nothing
        case .end: return .end
        case .bytes(let bytes):
            splitter.append(bytes) { take($0) }
            return .more
        }
    }

    private func readComplaints() -> Progress {
        switch complaints.read(upTo: Self.readByteCount) {
        case .nothingYet: return .nothing
        case .end: return .end
        case .bytes(let bytes):
            diary.append(bytes, at: .now)
            return .more
        }
    }

    private func take(_ line: LineSplitter.Line) {
        guard fault == nil || fault == .stopped else { return }
        if let error = wire.take(line) {
            fault = error
            terminate()
        }
    }
}

extension UpstreamError {
    static let nonsense = UpstreamError(
        .protocolError, "The server sent too many messages that mean nothing; it was ended")
    static let serverDoesNotRead = UpstreamError(
        .unavailable, "The server does not read what it is sent", .notSent, retry: .sensible)

    static func requestTooLarge(_ limits: UpstreamLimits) -> UpstreamError {
        UpstreamError(
            .tooLarge, "A request may have \(limits.requestByteCountMax) bytes at most", .notSent)
    }

    static func answerTooLarge(_ limits: UpstreamLimits) -> UpstreamError {
        UpstreamError(
            .tooLarge,
            "The answer has more than \(limits.message.byteCountMax) bytes, more than"
                + " \(limits.message.valueCountMax) values, or is nested more than"
                + " \(limits.message.depthMax) deep")
    }

    static func ended(_ how: String, lastWords: String) -> UpstreamError {
        UpstreamError(
            .unavailable,
            "The server is gone: \(how)" + (lastWords.isEmpty ? "" : "; it said: \(lastWords)"),
            retry: .sensible)
    }
}

extension ServerMessage.Answer {
    /// The answer as whoever asked gets it.
    var reply: Result<Wire.Reply, UpstreamError> {
        switch self {
        case .result(let result): .success(.success(result))
        case .failure(let failure): .success(.failure(failure))
        case .malformed(let reason): .failure(.badAnswer(reason))
        }
    }
}

extension Question {
    /// Asks a server of the newer era to tell of changes, for as long as it is not answered.
    static let listenForChanges = Question(
        "subscriptions/listen",
        ["notifications": ["toolsListChanged": true, "resourcesListChanged": true]])
}
