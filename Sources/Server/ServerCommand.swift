internal import ArgumentParser
internal import Execution
internal import Foundation
internal import Logging
internal import MCP

/// `mcp-v8`: an MCP server that runs JavaScript in V8 and keeps its heaps.
@main
struct ServerCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "mcp-v8",
        abstract: "An MCP server that runs JavaScript in V8 and keeps the heap between runs.",
        discussion: """
            It speaks MCP on standard input and output, or over HTTP. Every option can also be \
            given in the environment, as MCP_V8_TIMEOUT_MS for --timeout-ms, or as a key of a JSON \
            object in the file of --config; the command line comes first, then the environment, \
            then the file.
            """,
        version: version,
        subcommands: [HeapsCommand.self, DoctorCommand.self])

    static func main() async {
        // Swift's library has the command line from there: without, none of it would be heeded.
        if let missing = TemplateLaunch.missingPlace {
            FileHandle.standardError.write(
                Data("mcp-v8: \(ExecutionError.systemIncomplete(missing))\n".utf8))
            _exit(EXIT_FAILURE)
        }
        await main(nil)
    }

    @OptionGroup var options: ServerOptions

    @Option(
        help: ArgumentHelp("A JSON object with options, such as {\"timeout-ms\": 5000}."),
        transform: expandingTilde)
    var config: String?

    func run() async throws {
        let settings: Settings
        do {
            settings = try readSettings()
        } catch {
            throw ValidationError("\(error)")
        }
        LoggingSystem.bootstrap(
            { _, metadataProvider in
                StandardErrorLog(
                    level: settings.logLevel, format: settings.logFormat,
                    metadataProvider: metadataProvider)
            }, metadataProvider: RequestTrace.metadataProvider)
        do {
            try await serve(settings)
        } catch let error as any CustomStringConvertible & Error {
            FileHandle.standardError.write(Data("mcp-v8: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    /// Reads what all sources of options say.
    func readSettings() throws -> Settings {
        let file = try config.map { path in
            guard let content = FileManager.default.contents(atPath: path) else {
                throw SettingsError.invalid("the file of --config, \(path), cannot be read")
            }
            return try ConfigurationFile(path: path, content: Array(content))
        }
        let processInfo = ProcessInfo.processInfo
        let sources = try OptionSources(
            commandLine: options, environment: processInfo.environment, file: file)
        return try Settings(sources, coreCount: processInfo.activeProcessorCount)
    }
}
