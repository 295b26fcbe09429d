import MCP
import Synchronization

/// What one client is to get, in order; filled from anywhere, and emptied by its connection.
final class EventQueue: Sendable {
    enum Event: Sendable {
        case notification([UInt8])
        case answer(Answer)
        /// Nothing, but time has passed.
        case tick
    }

    /// What is queued; to be iterated by one task at a time.
    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let unwrittenByteCount = Mutex(0)
    private let limits: HTTPLimits

    init(limits: HTTPLimits) {
        self.limits = limits
        (events, continuation) = AsyncStream.makeStream()
    }

    /// Whether the client reads so slowly that it must not ask for more.
    var isOverfull: Bool { unwrittenByteCount.withLock { $0 > limits.unwrittenByteCountMax } }

    /// Queues a notification, or drops it where the client is too slow for it.
    func notify(_ notification: [UInt8]) {
        let isRoom = unwrittenByteCount.withLock { count in
            guard count + notification.count <= limits.notificationByteCountMax else {
                return false
            }
            count += notification.count
            return true
        }
        if isRoom { continuation.yield(.notification(notification)) }
    }

    func answer(_ answer: Answer) {
        unwrittenByteCount.withLock { $0 += answer.bytes.count }
        continuation.yield(.answer(answer))
    }

    func tick() {
        continuation.yield(.tick)
    }

    /// Nothing more comes.
    func finish() {
        continuation.finish()
    }

    /// Makes room for what was queued.
    func didWrite(_ event: Event) {
        unwrittenByteCount.withLock { $0 -= event.byteCount }
    }
}

extension EventQueue.Event {
    fileprivate var byteCount: Int {
        switch self {
        case .notification(let bytes): bytes.count
        case .answer(let answer): answer.bytes.count
        case .tick: 0
        }
    }
}
