internal import ArgumentParser
internal import Execution
internal import Foundation
internal import Heaps
internal import Logging
internal import MCP
internal import NIOPosix
internal import WorkerProtocol

struct InspectHeapCommand: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show the variables in a heap; none of its code runs.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.")
    var heap: String

    @Option(help: "How many levels of what a variable holds are shown, 0 to 20.")
    var depth = 1

    @Option(help: "How many variables, or places, at most.")
    var limit = 1000

    @Option(help: "Show the places with this text in a name, string or function instead.")
    var find: String?

    func validate() throws {
        guard (0...20).contains(depth) else { throw ValidationError("--depth is from 0 to 20") }
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        if let find, find.utf8.count > InspectRequest.textByteCountMax {
            throw ValidationError(
                "--find has \(find.utf8.count) bytes; it may have at most "
                    + "\(InspectRequest.textByteCountMax)")
        }
    }

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let limit = UInt32(clamping: limit)
        let question: InspectRequest.Question =
            find.map { .places(of: $0, countMax: limit) }
            ?? .variables(depth: UInt32(depth), countMax: limit)
        let json = try await options.withExecution(on: heaps, settings) { service in
            try await service.inspect(
                heap, question, byteCountMax: commandByteCountMax,
                timeout: settings.limits.timeoutMax, quarantined: .accept)
        }
        return CommandOutput(json: json, text: VariableTree(json).text)
    }
}

struct HeapDevTools: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "devtools",
        abstract: "Write a heap as a .heapsnapshot, which Chrome's developer tools open.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.", transform: HeapReference.init)
    var heap: HeapReference

    @Argument(help: "The file; there must be none yet.")
    var file: String

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe Foundation.open(file, flags, 0o600)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandFailure(text: "\(file) cannot be made: \(reason)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            let request = InspectionRequest(
                heap: heap, question: .profile, byteCountMax: 0,
                timeout: settings.limits.timeoutMax, quarantined: .accept)
            let inspection = try await options.withExecution(on: heaps, settings) { service in
                try await service.inspect(request) { piece in
                    (try? handle.write(contentsOf: Data(piece))) != nil
                }
            }
            try handle.synchronize()
            let byteCount = Int(try handle.offset())
            guard byteCount > 0 else { throw CommandFailure(text: "\(file) cannot be written.") }
            return CommandOutput(
                json: [
                    "file": .string(file), "version": .string(inspection.version.text),
                    "bytes": .number(JSONNumber(byteCount)),
                ],
                text: "Wrote \(heap) to \(file): \(byteCount) bytes. Load it in the Memory panel.")
        } catch {
            _ = unsafe unlink(file)
            throw error
        }
    }
}

struct DiffHeaps: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show which variables two versions differ in.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.")
    var from: String

    @Argument(help: "What it is compared with.")
    var to: String

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let (before, after) = try await options.withExecution(on: heaps, settings) { service in
            func look(at heap: String) async throws(ExecutionFailure) -> JSONObject {
                try await service.inspect(
                    heap, .digests, byteCountMax: commandByteCountMax,
                    timeout: settings.limits.timeoutMax, quarantined: .accept)
            }
            return (try await look(at: from), try await look(at: to))
        }
        let difference = HeapDifference(from: before, to: after)
        return CommandOutput(json: difference.json, text: difference.text)
    }
}

/// The most bytes of JSON about one heap.
private let commandByteCountMax = 8 << 20

extension HeapsOptions {
    /// Has workers for as long as something is asked of them.
    fileprivate func withExecution<Result: Sendable>(
        on heaps: HeapRepository, _ settings: Settings,
        _ body: @Sendable (ExecutionService) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "mcp-v8") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = settings.logLevel
        let timeline = Timeline()
        var limits = settings.limits
        limits.sparesCount = 1
        let service = ExecutionService(
            repository: heaps,
            source: settings.makeTemplate(timeline: timeline, logger: logger),
            limits: limits, eventLoops: MultiThreadedEventLoopGroup.singleton,
            timeline: timeline, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            let result: Result
            do { result = try await body(service) } catch let failure as ExecutionFailure {
                await service.shutdown()
                throw CommandFailure(text: failure.message)
            }
            await service.shutdown()
            return result
        }
    }
}
