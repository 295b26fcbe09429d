internal import Foundation

/// A path with the user's folder in place of `~`, as a shell writes it: clients start servers
/// without one, and the environment and files are read by none.
func expandingTilde(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/") else {
        return path.hasPrefix("~") ? NSString(string: path).expandingTildeInPath : path
    }
    // Foundation asks the list of users, some builds of it at least.
    let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
    return (home.isEmpty ? NSHomeDirectory() : home) + path.dropFirst()
}
