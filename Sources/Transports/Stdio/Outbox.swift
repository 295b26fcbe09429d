import Synchronization

/// What is to be written to a client, and what the thread that reads from it is to know.
///
/// Whoever has something to say writes it at once where the client takes it, so that no other
/// thread has to be woken for it; what the client does not take is left to the loop.
final class Outbox: Sendable {
    /// How things stand.
    struct Status {
        /// How many bytes wait to be written.
        let unwrittenByteCount: Int
        /// How many calls have begun and not ended.
        let callsRunning: Int
        /// Whether anybody reads what is written.
        let output: Output
        /// What the transport's owner wants.
        let wish: Wish
    }

    /// Where answers go.
    enum Output {
        case open(StdioStreams)
        /// Nobody reads any more, or writing failed.
        case gone(TransportError?)
    }

    /// What the transport's owner wants.
    enum Wish {
        case goOn
        case stop
    }

    fileprivate struct State {
        var output: Output
        var unwritten = WriteQueue()
        var notificationByteCount = 0
        var callsRunning = 0
        var wish = Wish.goOn
        var callEnds = CallEnds.unheard
        var alarm = Alarm.quiet
    }

    /// Whether the loop waits for calls to end.
    fileprivate enum CallEnds {
        case unheard
        case awaited
    }

    /// Whether the wake-up pipe has a byte, or is about to get one.
    fileprivate enum Alarm {
        case quiet
        case raised
    }

    /// What follows from a change for the loop.
    fileprivate enum Consequence {
        case none
        case wakesLoop
    }

    /// Notifications beyond so many unwritten bytes are dropped: progress is not worth memory.
    static let notificationByteCountMax = 1 << 20
    /// The most that is written at once: a pipe that is writable takes so much for sure.
    static let writeByteCount = 4_096

    private let state: Mutex<State>
    private let pipe: FileDescriptor.Pipe

    init(writingTo streams: StdioStreams) throws(TransportError) {
        state = Mutex(State(output: .open(streams)))
        pipe = try FileDescriptor.makePipe()
    }

    /// Becomes readable when the loop is to look at ``status``.
    var alarmNumber: Int32 { pipe.readEnd.number }

    /// How things stand.
    var status: Status {
        state.withLock { state in
            Status(
                unwrittenByteCount: state.unwritten.byteCount, callsRunning: state.callsRunning,
                output: state.output, wish: state.wish)
        }
    }

    /// Counts a call.
    func beginCall() {
        state.withLock { $0.callsRunning += 1 }
    }

    /// Counts a call as ended and says its answer, if it has one.
    func endCall(answer: [UInt8]?) {
        update { state in
            state.callsRunning -= 1
            if let answer { state.say(answer) }
            return state.callEnds == .awaited ? .wakesLoop : state.consequence
        }
    }

    /// Says something that may be dropped.
    func notify(_ notification: [UInt8]) {
        update { state in
            let byteCount = state.notificationByteCount + notification.count
            guard byteCount <= Outbox.notificationByteCountMax else { return .none }
            state.notificationByteCount = byteCount
            state.say(notification)
            return state.consequence
        }
    }

    /// Has the transport end.
    func stop() {
        update { state in
            state.wish = .stop
            return .wakesLoop
        }
    }
}

// MARK: - For the loop

extension Outbox {
    /// Takes back the alarm, before ``status`` is read.
    func silence() throws(TransportError) {
        // A byte too many wakes once in vain, one too few never.
        _ = try pipe.readEnd.read(upTo: 64)
        state.withLock { $0.alarm = .quiet }
    }

    /// Says what needed no call.
    func say(_ answer: [UInt8]) {
        state.withLock { $0.say(answer) }
    }

    /// Has the end of every call raise the alarm from now on.
    func awaitCallEnds() {
        state.withLock { $0.callEnds = .awaited }
    }

    /// Writes what comes next, to an output that was found writable.
    func writeNext() {
        state.withLock { $0.writeNext() }
    }

    /// Writes nothing more.
    func close() {
        state.withLock { state in
            if case .open = state.output { state.output = .gone(nil) }
        }
    }

    private func update(_ change: (inout State) -> Consequence) {
        let raises = state.withLock { state in
            guard case .wakesLoop = change(&state), state.alarm == .quiet else { return false }
            state.alarm = .raised
            return true
        }
        guard raises else { return }
        do {
            _ = try pipe.writeEnd.write([0])
        } catch {
            preconditionFailure("The wake-up pipe is broken: \(error)")
        }
    }
}

extension Outbox.State {
    /// The loop has to wait until the client reads, or to see that it is gone.
    fileprivate var consequence: Outbox.Consequence {
        if case .gone = output { return .wakesLoop }
        return unwritten.isEmpty ? .none : .wakesLoop
    }

    /// Puts a message behind what is unwritten, or writes it if nothing is.
    fileprivate mutating func say(_ message: [UInt8]) {
        guard case .open(let streams) = output else { return }
        let isNext = unwritten.isEmpty
        unwritten.append(message: message)
        if isNext, streams.output.isWritable { writeNext() }
    }

    fileprivate mutating func writeNext() {
        guard case .open(let streams) = output, !unwritten.isEmpty else { return }
        do throws(TransportError) {
            switch try streams.output.write(unwritten.next(upTo: Outbox.writeByteCount)) {
            case .written(let byteCount): unwritten.removeFirst(byteCount)
            case .readerGone: output = .gone(nil)
            }
        } catch {
            output = .gone(error)
        }
        // Makes room for notifications.
        if unwritten.isEmpty { notificationByteCount = 0 }
    }
}
