internal import Glibc

/// Why the server's side of running code could not do what it was asked.
package enum ExecutionError: Error, Hashable, Sendable {
    /// The worker is not where it was expected.
    case workerMissing(path: String)
    /// The program that V8 is in is not where it was expected.
    case engineMissing(path: String)
    /// What every Linux system has is not there, or may not be read.
    case systemIncomplete(String)
    /// The worker speaks another version of the protocol.
    case protocolMismatch(ours: UInt32, theirs: UInt32)
    /// The template worker did not become ready.
    case templateNotReady(reason: String)
    /// The template worker found that it cannot work here, and said why on standard error.
    case templateRefused
    /// The template worker ended, and all its workers with it.
    case templateEnded
    /// The template worker could not be moved into its workers' control group.
    case controlGroup(ControlGroup.Refusal)
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
            "There is no worker at \(path); install libmcp-v8-worker.so beside mcp-v8."
        case .engineMissing(let path):
            "There is no engine at \(path); install node, from the package that "
                + "scripts/fetch-engine fetches, beside libmcp-v8-worker.so."
        case .systemIncomplete(let path):
            "\(path) cannot be read: mcp-v8 needs /proc and /dev as every Linux system has them "
                + "(mount -t proc proc /proc; in a chroot or a container, by what sets it up)."
        case .protocolMismatch(let ours, let theirs):
            "The worker speaks protocol version \(theirs), this server speaks \(ours); "
                + "install mcp-v8 and libmcp-v8-worker.so of one release."
        case .templateNotReady(let reason): "The template worker did not become ready: \(reason)."
        case .templateRefused:
            "The worker cannot work here; the lines of mcp-v8-worker above say why."
        case .templateEnded: "The template worker ended."
        case .controlGroup(let refusal):
            "The template worker could not be bounded by its control group: \(refusal)."
        case .system(let call, let code):
            unsafe "The system refused \(call): \(String(cString: strerror(code)))."
        case .closed: "The server is shutting down."
        }
    }
}
