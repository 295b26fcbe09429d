/// What is fuzzed: bytes in, and a trap where something is not as it must be.
///
/// Bytes that are refused are fine. What is accepted must come out again as it went in: that finds
/// more than crashes do.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// What workers and the template say.
    case frames
    /// What clients send, up to the tools.
    case messages
    /// What lies in a storage and in exported files.
    case envelopes
    /// Names and references of heaps.
    case names
    /// The parts of a request over HTTP that this project reads itself.
    case requests
    /// What operators write: the command line, the environment and a file.
    case configuration

    /// Tries one input.
    package func run(_ input: [UInt8]) {
        switch self {
        case .frames: tryFrames(input)
        case .messages: tryMessages(input)
        case .envelopes: tryEnvelopes(input)
        case .names: tryNames(input)
        case .requests: tryRequests(input)
        case .configuration: tryConfiguration(input)
        }
    }
}
