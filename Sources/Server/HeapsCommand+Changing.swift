internal import ArgumentParser
internal import Execution
internal import Foundation
internal import Heaps
internal import MCP

struct ForkHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "fork", abstract: "Give a version a name; with --replace, undo.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.", transform: HeapReference.init)
    var from: HeapReference

    @Argument(help: "The name.", transform: HeapName.init)
    var to: HeapName

    @Flag(help: "Move a heap that has the name.")
    var replace = false

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        CommandOutput(try await heaps.fork(from, to: to, ifTaken: replace ? .replace : .refuse))
    }
}

struct DeleteHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a heap; its versions stay until gc.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "The heap.", transform: HeapName.init)
    var heap: HeapName

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let head = try await heaps.delete(heap)
        return CommandOutput(
            json: head.json,
            text: "Deleted \(head.name). For an hour at least, "
                + "\"mcp-v8 heaps fork \(head.version) \(head.name)\" brings it back.")
    }
}

struct ExportHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a heap into a file.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.", transform: HeapReference.init)
    var heap: HeapReference

    @Argument(help: "The file; there must be none yet.")
    var file: String

    @Flag(help: "With all earlier versions that are kept.")
    var history = false

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe Foundation.open(file, flags, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(text: "\(file) cannot be made: \(errorText)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            let records = try await heaps.export(heap, history ? .history : .version) {
                [file] bytes throws(HeapError) in
                try storing(at: file) { try handle.write(contentsOf: Data(bytes)) }
            }
            try storing(at: file) { try handle.synchronize() }
            let versions = records.map { JSON.string($0.version.text) }
            return CommandOutput(
                json: ["file": .string(file), "versions": .array(versions)],
                text: "Wrote \(heap) to \(file): \(records.count) versions.")
        } catch {
            _ = unsafe unlink(file)
            throw error
        }
    }

    private var errorText: String { unsafe String(cString: strerror(errno)) }
}

struct ImportHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a heap of a file that was exported.")
    static let missingDirectory = MissingDirectory.make

    @OptionGroup var options: HeapsOptions

    @Argument(help: "The file.")
    var file: String

    @Option(help: "The heap's name, if not that in the file.", transform: HeapName.init)
    var name: HeapName?

    @Flag(help: "Move a heap that has the name.")
    var replace = false

    @Flag(help: "With --signing-key-file: take, and sign, what is not signed with its keys.")
    var acceptUnsigned = false

    @Flag(help: "Take what another build of V8 made, and this one cannot run.")
    var acceptIncompatible = false

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw CommandFailure(text: "\(file) cannot be read.")
        }
        let archive = try HeapArchiveReader(
            snapshotByteCountMax: settings.limits.snapshotByteCountMax,
            keys: acceptUnsigned ? nil : settings.signingKeys
        ) { [file] byteCount throws(HeapError) in
            try storing(at: file) { Array(try handle.read(upToCount: byteCount) ?? Data()) }
        }
        guard let name = name ?? archive.name else {
            throw ValidationError("\(file) is of a version without a name: give --name")
        }
        let engine = acceptIncompatible ? nil : try await options.server.engine(settings)
        return CommandOutput(
            try await heaps.store(
                archive, as: name, ifTaken: replace ? .replace : .refuse, for: engine))
    }
}

/// Says of a failed file what a failed storage says.
private func storing<Result>(
    at path: String, _ body: () throws -> Result
) throws(HeapError) -> Result {
    do { return try body() } catch {
        throw .storageUnavailable(path: path, reason: error.localizedDescription)
    }
}

extension CommandOutput {
    fileprivate init(_ move: HeapMove) {
        let was = move.replaced.map { " It was at \($0.version)." } ?? ""
        self.init(
            json: move.json,
            text: "\(move.head.name) is at \(move.head.version) (run \(move.head.runNumber))."
                + was)
    }
}
