internal import Dispatch
internal import Foundation
internal import Synchronization

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
    /// After which a command is ended, in seconds.
    private static let timeLimit = 60.0
    private static let outputByteCountMax = 1 << 20
    private static let complaintByteCountMax = 4096
    /// The last line of standard error that an error quotes has so many characters at most.
    private static let complaintCharacterCountMax = 300

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
        // A command that goes on in further lines of the file is one command.
        process.arguments = ["-c", line.replacing("\n", with: " ")]
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw .noCredentials("credential_process could not be started")
        }
        let identifier = process.processIdentifier
        let end = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeLimit, execute: end)
        let written = Collected(of: output, byteCountMax: outputByteCountMax)
        let complaints = Collected(of: errors, byteCountMax: complaintByteCountMax)
        process.waitUntilExit()
        end.cancel()
        let bytes = written.bytes()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            let said =
                String(decoding: complaints.bytes(), as: UTF8.self)
                .split(whereSeparator: \.isNewline).map(\.trimmed).last { !$0.isEmpty } ?? ""
            throw .noCredentials(
                "credential_process ended with \(process.terminationStatus)"
                    + (said.isEmpty
                        ? "; run it by hand to see why"
                        : ": \(said.prefix(complaintCharacterCountMax))"))
        }
        return Array(bytes)
    }

    /// The last bytes that a command writes to a pipe.
    private final class Collected: Sendable {
        /// How long the end is waited for once the command has ended, in seconds: a process that
        /// it left behind may hold the pipe open.
        private static let endTimeout = 1.0

        private let collected = Mutex(Data())
        private let end = DispatchSemaphore(value: 0)

        init(of pipe: Pipe, byteCountMax: Int) {
            pipe.fileHandleForReading.readabilityHandler = { [self] handle in
                let chunk = handle.availableData
                if chunk.isEmpty {
                    handle.readabilityHandler = nil
                    end.signal()
                } else {
                    collected.withLock { $0 = Data(($0 + chunk).suffix(byteCountMax)) }
                }
            }
        }

        func bytes() -> Data {
            _ = end.wait(timeout: .now() + Self.endTimeout)
            return collected.withLock { $0 }
        }
    }
}
