import MCP

/// Why a transport stopped in another way than its client or its owner wanted.
package enum TransportError: Error, Hashable, Sendable {
    /// The kernel refused an operation on a descriptor.
    case systemCall(Operation, errno: Int32)
    /// Calls that were cancelled did not end in time; they are still running.
    case callsDidNotEnd(count: Int)

    /// What the kernel was asked to do.
    package enum Operation: String, Hashable, Sendable {
        case duplicateDescriptor
        case makePipe
        case openNull
        case poll
        case read
        case write
    }
}
