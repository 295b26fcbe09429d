/// Why a configuration of upstream servers is not used.
package enum UpstreamConfigurationError: Error, Hashable, Sendable {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// Others could change the file, which runs commands.
    case unsafe(path: String, reason: String)
    /// What is wrong in it, each with its place and what would be right.
    case faults([String])
}

extension UpstreamConfigurationError: CustomStringConvertible {
    /// What is wrong and what to do, on one line for each fault.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unsafe(let path, let reason): "\(path) is not used, since it runs commands: \(reason)"
        case .faults(let faults): faults.joined(separator: "\n")
        }
    }
}
