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

extension TransportError: CustomStringConvertible {
    /// One line for a person.
    package var description: String {
        switch self {
        case .systemCall(let operation, let code):
            "The client cannot be served: the system refused to \(operation.name) (error \(code))."
        case .callsDidNotEnd(let count): "\(count) calls did not end when they were told to."
        }
    }
}

extension TransportError.Operation {
    fileprivate var name: String {
        switch self {
        case .duplicateDescriptor: "duplicate a descriptor"
        case .makePipe: "make a pipe"
        case .openNull: "open /dev/null"
        case .poll: "wait for the client"
        case .read: "read"
        case .write: "write"
        }
    }
}
