internal import ArgumentParser
internal import Execution
internal import Foundation
internal import Heaps
internal import Logging
internal import MCP

/// `mcp-v8 heaps`: for people who look after heaps in files.
struct HeapsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heaps",
        abstract: "Look after the heaps that are kept in files.",
        discussion: """
            The directory is that of the server: --directory-path, MCP_V8_DIRECTORY_PATH, \
            directory-path in the file of --config, or else \(Settings.directoryPathDefault). \
            Servers may use it at the same time. Exit codes: 0 done, 1 failed, 64 not understood.
            """,
        subcommands: [
            ListHeaps.self, ShowHeap.self, HeapHistoryCommand.self, ForkHeap.self, DeleteHeap.self,
            ExportHeap.self, ImportHeap.self, CollectGarbage.self, CheckHeaps.self,
            InspectHeapCommand.self, DiffHeaps.self, HeapDevTools.self,
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
        guard case .files(let path) = settings.storage else {
            throw ValidationError(
                "heaps in memory are inside their server, and --stateless keeps none: there is "
                    + "nothing to see from here. Give the --directory-path of heaps in files")
        }
        let output: CommandOutput
        do {
            output = try await perform(on: open(path, settings), settings)
        } catch let error as HeapError {
            throw CommandFailure(text: "\(error)")
        }
        print(options.json ? JSON.object(output.json).text : output.text)
        if output.exitCode != .success { throw output.exitCode }
    }

    private func open(_ path: String, _ settings: Settings) async throws -> HeapRepository {
        if Self.missingDirectory == .refuse, !FileManager.default.fileExists(atPath: path) {
            throw CommandFailure(text: "There is no directory \(path).")
        }
        let logger = Logger(label: "mcp-v8") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = settings.logLevel
            return handler
        }
        return HeapRepository(
            storage: try await FileHeapStorage(directoryPath: path),
            snapshotByteCountMax: settings.limits.snapshotByteCountMax, logger: logger)
    }
}

/// Why a subcommand could not do what it was asked; it ends the program with 1.
struct CommandFailure: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
