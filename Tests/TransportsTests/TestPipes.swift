import Glibc
import MCP
import Synchronization
import Testing

@testable import Transports

/// A client that holds the other ends of a stdio transport's pipes.
///
/// It reads on a thread of its own, so that a test that waits for a line does not block others.
final class PipeClient: Sendable {
    private let writeEnd: Mutex<FileDescriptor?>
    private let readEnd: Mutex<FileDescriptor?>
    private let writeNumber: Int32
    private let readNumber: Int32

    private init(writeNumber: Int32, readNumber: Int32) {
        self.writeNumber = writeNumber
        self.readNumber = readNumber
        writeEnd = Mutex(FileDescriptor(adopting: writeNumber))
        readEnd = Mutex(FileDescriptor(adopting: readNumber))
    }

    /// Makes a client, and the transport that serves it.
    static func connect(
        to server: MCPServer, limits: StdioLimits = .short
    ) throws -> (client: PipeClient, transport: StdioTransport) {
        signal(SIGPIPE, SIG_IGN)
        var input: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        try #require(pipe(&input) == 0 && pipe(&output) == 0)
        let transport = try StdioTransport(
            server: server,
            streams: StdioStreams(
                input: FileDescriptor(adopting: input[0]),
                output: FileDescriptor(adopting: output[1])),
            limits: limits)
        return (PipeClient(writeNumber: input[1], readNumber: output[0]), transport)
    }

    func send(_ text: String) async {
        await onThread { [writeNumber] in
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(writeNumber, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// The next line, without its break; nil at the end.
    func readLine() async -> String? {
        await onThread { [readNumber] in
            var line: [UInt8] = []
            var byte: UInt8 = 0
            while read(readNumber, &byte, 1) == 1 {
                if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
                line.append(byte)
            }
            return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
        }
    }

    /// All lines until the transport closes its end.
    func readToEnd() async -> [String] {
        await onThread { [readNumber] in
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(readNumber, &chunk, chunk.count), count > 0 {
                bytes += chunk[..<count]
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    func closeInput() { writeEnd.withLock { $0 = nil } }
    func closeOutput() { readEnd.withLock { $0 = nil } }
}

extension StdioLimits {
    /// No patience: what must end, ends at once.
    static let short = StdioLimits(
        answering: .zero, cancelling: .seconds(30), flushing: .seconds(30))
}
