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
        abstract: "An MCP server that runs JavaScript in V8 and keeps its heaps.",
        usage: "mcp-v8 [<options>]\nmcp-v8 <subcommand> [<options>]",
        discussion: """
            Examples:
              mcp-v8 --directory-path ~/heaps         serve one client on stdin and stdout
              mcp-v8 --http-port 8080                 serve programs of this machine
              mcp-v8 doctor                           see whether it would work here
              mcp-v8 --help-all                       see all options

            Each can also be given in the environment (MCP_V8_TIMEOUT_MS for --timeout-ms) or as \
            a key of the file of --config; the strongest is the command line, then the environment.
            """,
        version: version,
        subcommands: [HeapsCommand.self, ConfigCommand.self, DoctorCommand.self])

    static func main() async {
        // Swift's library has the command line from there: without, none of it would be heeded.
        if let missing = TemplateLaunch.missingPlace {
            FileHandle.standardError.write(
                Data("mcp-v8: \(ExecutionError.systemIncomplete(missing))\n".utf8))
            _exit(EXIT_FAILURE)
        }
        // The parser's own name for it says what it shows only to who knows what it leaves out.
        let words = CommandLine.arguments.dropFirst()
        await main(words.map { $0 == "--help-all" ? "--help-hidden" : $0 })
    }

    @OptionGroup var options: CommandLineOptions

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

    /// Checks what all sources of options say.
    func readSettings() throws(SettingsError) -> Settings { try Settings(readOptions()) }

    /// Reads what all sources of options say.
    func readOptions() throws(SettingsError) -> Options {
        let given = options.given
        let path = given[OptionTable.all.log.config.facts.name].map(expandingTilde)
        return try Options(
            commandLine: given, environment: ProcessInfo.processInfo.environment,
            file: path.map { path throws(SettingsError) in
                guard let content = FileManager.default.contents(atPath: path) else {
                    throw .invalid("the file of --config, \(path), cannot be read")
                }
                return try ConfigurationFile(path: path, content: Array(content))
            })
    }
}
