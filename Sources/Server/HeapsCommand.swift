internal import ArgumentParser
internal import Execution
internal import Foundation
internal import Heaps
internal import Logging
internal import MCP

/// `mcp-v8 heaps`: for people who look after heaps in files or in S3.
struct HeapsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heaps",
        abstract: "Look after the heaps that are kept in files or in S3.",
        discussion: """
            The place is that of the server: --directory-path or --s3-bucket (with its options), \
            MCP_V8_DIRECTORY_PATH or MCP_V8_S3_BUCKET, directory-path or s3-bucket in the file of \
            --config, or else \(Options.none[\.storage.directoryPath]). Servers may use it at the \
            same time. Exit codes: 0 done, 1 failed, 64 not understood.
            """,
        subcommands: [
            ListHeaps.self, ShowHeap.self, HeapHistoryCommand.self, ForkHeap.self, DeleteHeap.self,
            ExportHeap.self, ImportHeap.self, CollectGarbage.self, CheckHeaps.self,
            InspectHeapCommand.self, DiffHeaps.self, HeapDevTools.self,
            ReleaseHeap.self,
        ])
}

/// What all of them take.
struct HeapsOptions: ParsableArguments {
    /// The server's own options, wherever on the command line they are.
    @OptionGroup(visibility: .hidden) var server: ServerCommand

    @Flag(help: "Print one JSON object.")
    var json = false
}

/// A subcommand of `mcp-v8 heaps`.
protocol HeapsSubcommand: AsyncParsableCommand {
    /// Whether a directory that is not there is made.
    static var missingDirectory: MissingDirectory { get }
    var options: HeapsOptions { get }

    /// Does the work.
    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput
}

/// What becomes of a directory that is not there.
enum MissingDirectory {
    case refuse
    case make
}

/// What a subcommand has to say.
struct CommandOutput {
    /// For a program.
    var json: JSONObject
    /// For a person.
    var text: String
    var exitCode = ExitCode.success
}

extension HeapsSubcommand {
    static var missingDirectory: MissingDirectory { .refuse }

    /// Opens the storage, does the work and prints.
    func run() async throws {
        let settings: Settings
        do {
            settings = try options.server.readSettings()
        } catch {
            throw ValidationError("\(error)")
        }
        switch settings.storage {
        case .files, .s3: break
        case .inMemory, .stateless:
            throw ValidationError(
                "heaps in memory are inside their server, and --stateless keeps none: there is "
                    + "nothing to see from here. Give the --directory-path of heaps in files, or "
                    + "the --s3-bucket of heaps in S3")
        }
        let output: CommandOutput
        do {
            output = try await perform(on: open(settings), settings)
        } catch let error as HeapError {
            throw CommandFailure(text: "\(error)")
        }
        print(options.json ? JSON.object(output.json).text : output.text)
        if output.exitCode != .success { throw output.exitCode }
    }

    private func open(_ settings: Settings) async throws -> HeapRepository {
        let logger = Logger(label: "mcp-v8") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = settings.logLevel
            return handler
        }
        let storage: AnyHeapStorage
        switch settings.storage {
        case .files(let path):
            if Self.missingDirectory == .refuse, !FileManager.default.fileExists(atPath: path) {
                throw CommandFailure(text: "There is no directory \(path).")
            }
            storage = .files(try await FileHeapStorage(directoryPath: path))
        case .s3(let place):
            storage = try await place.open(.skip, logger: logger)
        case .inMemory, .stateless:
            preconditionFailure("These are refused before.")
        }
        return HeapRepository(
            storage: storage, snapshotByteCountMax: settings.limits.snapshotByteCountMax,
            keys: settings.signingKeys, logger: logger)
    }
}

/// Why a subcommand could not do what it was asked; it ends the program with 1.
struct CommandFailure: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
