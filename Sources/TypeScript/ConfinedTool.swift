import CSandbox
internal import Glibc

/// A program of the machine that turns its standard input into its standard output, and that is
/// given nothing else: see `csandbox_spawn_tool`.
struct ConfinedTool: Sendable {
    /// What a run left behind.
    struct Result: Sendable {
        var exitCode: Int32
        var output: String
        var errors: String
    }

    /// The most bytes that it may write, on each of its outputs.
    static let outputByteCountMax = 8 << 20
    static let millisecondsMax = 10_000
    /// How often is looked whether the result is still wanted.
    private static let lookMilliseconds = 25

    let path: String
    private var milliseconds = ConfinedTool.millisecondsMax

    init(path: String) {
        self.path = path
    }

    /// The same program with less time.
    func limited(milliseconds: Int) -> ConfinedTool {
        var tool = self
        tool.milliseconds = min(max(1, milliseconds), ConfinedTool.millisecondsMax)
        return tool
    }

    /// Runs the program to its end, or as long as its result is wanted. Blocks.
    func run(
        _ arguments: [String], input: String, while isWanted: () -> Bool = { true }
    ) throws(TypeScriptError) -> Result {
        let files = try [
            memoryFile(Array(input.utf8)), memoryFile(byteCount: ConfinedTool.outputByteCountMax),
            memoryFile(byteCount: ConfinedTool.outputByteCountMax),
        ]
        defer { files.forEach { close($0) } }
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        let process = unsafe csandbox_spawn_tool(path, &words, files[0], files[1], files[2])
        guard process > 0 else { throw .system(call: "fork", code: -process) }
        let isInTime = awaitEnd(of: process, while: isWanted)
        if !isInTime { kill(process, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard isInTime else { throw .tooSlow }
        guard status & 0x7f == 0 else { throw .ended(signal: status & 0x7f) }
        return Result(
            exitCode: (status >> 8) & 0xff, output: written(to: files[1]),
            errors: written(to: files[2]))
    }

    /// Whether the program has ended by itself.
    private func awaitEnd(of process: pid_t, while isWanted: () -> Bool) -> Bool {
        var millisecondsLeft = milliseconds
        while millisecondsLeft > 0, isWanted() {
            let slice = min(millisecondsLeft, ConfinedTool.lookMilliseconds)
            if csandbox_await_end(process, Int32(slice)) == 0 { return true }
            millisecondsLeft -= slice
        }
        return false
    }

    private func memoryFile(_ content: [UInt8]) throws(TypeScriptError) -> Int32 {
        // A file cannot be empty; a line break more means nothing.
        let bytes = content + [UInt8(ascii: "\n")]
        let file = try memoryFile(byteCount: bytes.count)
        let count = unsafe pwrite(file, bytes, bytes.count, 0)
        guard count == bytes.count else {
            close(file)
            throw .system(call: "pwrite", code: errno)
        }
        return file
    }

    private func memoryFile(byteCount: Int) throws(TypeScriptError) -> Int32 {
        let file = unsafe csandbox_memory_file("mcp-v8-tool", byteCount)
        guard file >= 0 else { throw .system(call: "memfd_create", code: -file) }
        return file
    }

    /// What was written: the position in the file is shared with whoever wrote.
    private func written(to file: Int32) -> String {
        let end = min(max(0, Int(lseek(file, 0, SEEK_CUR))), ConfinedTool.outputByteCountMax)
        var bytes = [UInt8](repeating: 0, count: end)
        let count = unsafe pread(file, &bytes, end, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
