import Synchronization

/// What other threads tell the one that reads and writes: answers, notifications, to stop.
final class Outbox: Sendable {
    /// What came since the last ``take()``.
    struct Delivery {
        /// Whole lines, in the order in which they are to be written.
        var frames: [[UInt8]] = []
        /// How many calls ended.
        var callsEnded = 0
        /// What the transport's owner wants.
        var wish = Wish.goOn
    }

    /// What the transport's owner wants.
    enum Wish {
        case goOn
        case stop
    }

    private struct State {
        var delivery = Delivery()
        var notificationByteCount = 0
        var alarm = Alarm.quiet
    }

    /// Whether the wake-up pipe has a byte, or is about to get one.
    private enum Alarm {
        case quiet
        case raised
    }

    /// Notifications beyond so many unwritten bytes are dropped: progress is not worth memory.
    static let notificationByteCountMax = 1 << 20

    private let state = Mutex(State())
    private let pipe: FileDescriptor.Pipe

    init() throws(TransportError) {
        pipe = try FileDescriptor.makePipe()
    }

    /// Becomes readable when there is something to take.
    var alarmNumber: Int32 { pipe.readEnd.number }

    /// Queues a call's answer, if it has one, and counts the call as ended.
    func endCall(answer: [UInt8]?) {
        update { state in
            state.delivery.callsEnded += 1
            if let answer { state.delivery.frames.append(framing: answer) }
        }
    }

    func notify(_ notification: [UInt8]) {
        update { state in
            let byteCount = state.notificationByteCount + notification.count
            guard byteCount <= Outbox.notificationByteCountMax else { return }
            state.notificationByteCount = byteCount
            state.delivery.frames.append(framing: notification)
        }
    }

    /// Makes room for notifications: all that was taken is written.
    func didWriteAll() {
        state.withLock { $0.notificationByteCount = 0 }
    }

    func stop() {
        update { $0.delivery.wish = .stop }
    }

    /// Hands over what came since the last time.
    func take() throws(TransportError) -> Delivery {
        // Emptied before the state is read: a byte too many wakes once in vain, one too few never.
        _ = try pipe.readEnd.read(upTo: 64)
        return state.withLock { state in
            let delivery = state.delivery
            state.delivery = Delivery()
            state.alarm = .quiet
            return delivery
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let before = state.withLock { state in
            change(&state)
            defer { state.alarm = .raised }
            return state.alarm
        }
        guard before == .quiet else { return }
        do {
            _ = try pipe.writeEnd.write([0])
        } catch {
            preconditionFailure("The wake-up pipe is broken: \(error)")
        }
    }
}

extension [[UInt8]] {
    /// Appends a message as a line.
    mutating func append(framing message: [UInt8]) {
        append(message + [UInt8(ascii: "\n")])
    }
}
