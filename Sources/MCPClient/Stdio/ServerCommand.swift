internal import Glibc

/// How the process of a server is started.
package struct ServerCommand: Hashable, Sendable {
    /// A path, or a name that is looked up in `PATH`.
    package var command: String
    /// Without the command itself.
    package var arguments: [String]
    /// What is set beside the few variables that every program expects.
    package var environment: [String: String]
    /// Where it runs; nil for where we do.
    package var workingDirectory: String?

    /// Describes a process.
    package init(
        command: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil
    ) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }
}

extension ServerCommand {
    /// The variables of our own environment that a server gets; ours holds keys and tokens.
    private static let inherited = ["HOME", "LANG", "PATH", "TMPDIR"]
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// All that the process finds in its environment.
    ///
    /// - Parameter own: the environment of this process.
    func fullEnvironment(_ own: (String) -> String?) -> [String: String] {
        var variables: [String: String] = ["PATH": Self.usualPath]
        for name in Self.inherited {
            if let value = own(name) { variables[name] = value }
        }
        return variables.merging(environment) { $1 }
    }

    /// Where the program is, found as a shell finds it.
    ///
    /// - Throws: ``UpstreamError/Kind/unavailable``, which names what was looked for and where.
    func programPath(
        searching path: String, isProgram: (String) -> Bool
    ) throws(UpstreamError) -> String {
        if command.contains("/") {
            let full =
                command.hasPrefix("/")
                ? command : (workingDirectory.map { $0 + "/" } ?? "") + command
            guard isProgram(full) else {
                throw UpstreamError(
                    .unavailable, "The command \(full) does not exist or may not be run", .notSent)
            }
            return full
        }
        let folders = path.split(separator: ":").map(String.init)
        guard let folder = folders.first(where: { isProgram($0 + "/" + command) }) else {
            throw UpstreamError(
                .unavailable,
                "The command \(command) is in none of the folders of PATH: \(path)", .notSent)
        }
        return folder + "/" + command
    }

    /// A variable of this process.
    static func ownVariable(_ name: String) -> String? {
        unsafe getenv(name).flatMap { unsafe String(validatingCString: $0) }
    }

    /// Whether a path leads to a file that this process may run.
    static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && access(path, X_OK) == 0
    }
}
