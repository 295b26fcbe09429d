import CSandbox
internal import Glibc

/// A file descriptor that is closed with its owner.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// The descriptor, valid while its owner lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(adopting number: Int32) {
        precondition(number >= 0, "An open descriptor is never negative.")
        self.number = number
    }

    deinit { close(number) }

    /// Hands the descriptor over to somebody who closes it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// Two connected sockets, one for each side of a conversation.
package struct SocketPair: ~Copyable, Sendable {
    /// How bytes travel between the two.
    package enum Kind: Sendable {
        /// A stream of bytes.
        case stream
        /// Messages that keep their bounds.
        case datagram
    }

    /// The server's end.
    package let server: OwnedDescriptor
    /// The worker's or the template's end.
    package let peer: OwnedDescriptor

    /// Opens a pair; both ends are closed on exec.
    package init(_ kind: Kind) throws(ExecutionError) {
        var numbers: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &numbers) { bytes in
            let pair = unsafe bytes.assumingMemoryBound(to: Int32.self).baseAddress
            return switch kind {
            case .stream: unsafe csandbox_stream_pair(pair)
            case .datagram: unsafe csandbox_datagram_pair(pair)
            }
        }
        guard result == 0 else { throw .system(call: "socketpair", code: -result) }
        server = OwnedDescriptor(adopting: numbers.0)
        peer = OwnedDescriptor(adopting: numbers.1)
    }
}
