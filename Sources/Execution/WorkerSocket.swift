internal import Glibc
import Synchronization

/// A worker's socket, for whoever has something to say: the event loop that hears the worker need
/// not be woken for it.
final class WorkerSocket: Sendable {
    /// What became of bytes.
    enum Outcome {
        /// They left, up to this many of them: the socket takes no more now.
        case left(Int)
        /// The worker's end is closed.
        case gone
    }

    private let descriptor: Mutex<OwnedDescriptor?>

    /// Opens a descriptor of its own on a socket; nil if there is none to be had.
    init?(_ number: Int32) {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return nil }
        descriptor = Mutex(OwnedDescriptor(adopting: copy))
    }

    /// Sends what the socket takes at once.
    func send(_ bytes: [UInt8]) -> Outcome {
        descriptor.withLock { descriptor in
            guard let number = descriptor?.number else { return .gone }
            let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            let count = unsafe Glibc.send(number, bytes, bytes.count, flags)
            if count >= 0 { return .left(count) }
            return errno == EPIPE || errno == ECONNRESET ? .gone : .left(0)
        }
    }

    /// Whether the worker said something that nobody has read yet.
    var hasUnread: Bool {
        descriptor.withLock { descriptor in
            guard let number = descriptor?.number else { return false }
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&entry, 1, 0) > 0 && Int32(entry.revents) & POLLIN != 0
        }
    }

    /// Closes the descriptor: the worker sees the end when nobody else has one.
    func close() {
        descriptor.withLock { $0 = nil }
    }
}
