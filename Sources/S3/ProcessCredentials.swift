internal import Dispatch
internal import Foundation

/// Runs a line of shell and returns what it wrote to standard output.
typealias CommandRunner = @Sendable (String) async throws(S3Error) -> [UInt8]

/// A program that prints credentials: `credential_process` in a profile.
struct ProcessCredentials: CredentialProvider {
    let sources: CredentialSources
    let profileName: String

    func fetch() async throws(S3Error) -> Credentials? {
        let profile = sources.configuration.files.profiles[profileName]
        guard let command = profile?.values["credential_process"] else { return nil }
        let source = "credential_process of the profile \(profileName)"
        let document = try CredentialDocument(
            try await sources.runCommand(command), from: source)
        guard document.version == 1 else {
            throw .noCredentials("\(source) must print an object with \"Version\": 1")
        }
        return try document.credentials(from: source)
    }
}

/// Runs commands as the AWS tools do: with the user's rights and environment.
enum SystemCommand {
    /// After which a command is ended.
    private static let timeLimit = 60.0

    static let run: CommandRunner = { (line) async throws(S3Error) -> [UInt8] in
        let result: Swift.Result<[UInt8], S3Error> = await withCheckedContinuation { done in
            // Blocks a thread that is made for it.
            DispatchQueue.global().async {
                done.resume(returning: Swift.Result { () throws(S3Error) in try wait(for: line) })
            }
        }
        return try result.get()
    }

    private static func wait(for line: String) throws(S3Error) -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw .noCredentials("credential_process could not be started")
        }
        let identifier = process.processIdentifier
        let end = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeLimit, execute: end)
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        end.cancel()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            throw .noCredentials(
                "credential_process ended with \(process.terminationStatus); run it by hand to "
                    + "see why")
        }
        return Array(bytes)
    }
}
