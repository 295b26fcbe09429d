import CSandbox
import Glibc
import V8
import WorkerProtocol

/// The socket to the server: whole frames, blocking. One thread reads, and nobody else looks at it.
// Safe because the word is changed by atomic calls only, and the rest by one thread.
@safe
final class Channel: @unchecked Sendable {
    private static let free: UInt32 = 0
    private static let taken: UInt32 = 1

    let descriptor: Int32
    /// Whether forks of this process may write too.
    var isShared = false
    /// What goes with the next reply.
    private var queued: [UInt8] = []
    /// Shared with them.
    private let lock: UnsafeMutablePointer<UInt32>

    init(descriptor: Int32, lock: UnsafeMutablePointer<UInt32>) {
        self.descriptor = descriptor
        unsafe self.lock = lock
    }

    /// Waits for the next frame, until a moment at most: nil if that came first.
    ///
    /// - Throws: ``WorkerError/serverGone`` at the end, ``WorkerError/wire(_:)`` for what is no
    /// frame.
    func read(until moment: Deadline) throws(WorkerError) -> Frame? {
        // Where nothing else ends the wait, reading is waiting enough.
        guard moment == .never || isReadable(until: moment) else { return nil }
        let header = try read(byteCount: Frame.headerByteCount)
        do throws(WireError) {
            let (kind, byteCount) = try Frame.parseHeader(header)
            do throws(WorkerError) {
                return Frame(kind: kind, payload: try read(byteCount: byteCount))
            } catch {
                throw WireError.truncated
            }
        } catch {
            throw .wire(error)
        }
    }

    /// Has a reply go with the next one, which is due at once: the server wakes up once for both.
    func hold(_ reply: Reply) { queued += encoded(reply) }

    /// Writes a reply. Ends the process if the server is gone: nobody is left to serve.
    func write(_ reply: Reply) {
        let bytes = queued + encoded(reply)
        queued = []
        if isShared {
            while unsafe csandbox_word_change(lock, Channel.free, Channel.taken) == 0 {
                unsafe csandbox_word_wait(lock, Channel.taken, 10)
            }
        }
        defer { if isShared { unsafe csandbox_word_set(lock, Channel.free) } }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno != EINTR { _exit(0) }
            if count > 0 { written += count }
        }
    }

    private func encoded(_ reply: Reply) -> [UInt8] {
        guard let bytes = try? reply.frame.encoded() else {
            report("a reply is over its limit\n")
            _exit(WorkerExit.protocolErrorCode)
        }
        return bytes
    }

    /// Whether there is something to read, or the end, before a moment.
    private func isReadable(until moment: Deadline) -> Bool {
        while true {
            let found = csandbox_await_input(descriptor, moment.nanosecondsLeft)
            // What else is amiss the read tells.
            if found != -EINTR { return found != 0 }
        }
    }

    private func read(byteCount: Int) throws(WorkerError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(
                    descriptor, buffer.baseAddress?.advanced(by: filled), byteCount - filled)
            }
            if count == 0 || (count < 0 && errno != EINTR) { throw .serverGone }
            if count > 0 { filled += count }
        }
        return bytes
    }
}
