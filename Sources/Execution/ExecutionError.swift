/// Why the server's side of running code could not do what it was asked.
package enum ExecutionError: Error, Hashable, Sendable {
    /// No program lies at the path where the worker was expected.
    case workerMissing(path: String)
    /// The worker program speaks another version of the protocol.
    case protocolMismatch(ours: UInt32, theirs: UInt32)
    /// The template worker did not become ready.
    case templateNotReady(reason: String)
    /// The template worker ended, and all its workers with it.
    case templateEnded
    /// The system refused a call.
    case system(call: String, code: Int32)
    /// It was shut down.
    case closed
}

extension ExecutionError: CustomStringConvertible {
    /// One line for a person, which says what to do where something can be done.
    package var description: String {
        switch self {
        case .workerMissing(let path):
            "There is no worker program at \(path); install mcp-v8-worker beside mcp-v8."
        case .protocolMismatch(let ours, let theirs):
            "The worker program speaks protocol version \(theirs), this server speaks \(ours); "
                + "install mcp-v8 and mcp-v8-worker of one release."
        case .templateNotReady(let reason): "The template worker did not become ready: \(reason)."
        case .templateEnded: "The template worker ended."
        case .system(let call, let code): "The system refused \(call): error \(code)."
        case .closed: "The server is shutting down."
        }
    }
}
