import Foundation
import Glibc
import MCP
import Synchronization

@testable import MCPClient

/// A server at the other end of three pipes, which answers what a test wants.
final class ScriptedStdio: Sendable {
    /// What a script does on a message.
    enum Act: Sendable {
        case write(String)
        case json(JSON)
        case complain(String)
        /// Closes its output, as a process that ends.
        case end
    }

    typealias Script = @Sendable (JSON) -> [Act]

    private let input: Int32
    private let output: Mutex<Int32?>
    private let complaints: Int32
    private let script: Script
    /// All messages, as they come.
    let received: AsyncStream<JSON>
    private let receiving: AsyncStream<JSON>.Continuation

    private init(input: Int32, output: Int32, complaints: Int32, script: @escaping Script) {
        self.input = input
        self.output = Mutex(output)
        self.complaints = complaints
        self.script = script
        (received, receiving) = AsyncStream.makeStream(of: JSON.self)
    }

    deinit {
        close(input)
        close(complaints)
        output.withLock { if let number = $0 { close(number) } }
    }

    /// A server and our ends of its pipes.
    static func start(_ script: @escaping Script) -> (ScriptedStdio, StreamNumbers) {
        signal(SIGPIPE, SIG_IGN)
        let pipes = (0..<3).map { _ in
            var ends: [Int32] = [-1, -1]
            precondition(pipe(&ends) == 0)
            return ends
        }
        let ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        for number in ours { _ = fcntl(number, F_SETFL, O_NONBLOCK) }
        let server = ScriptedStdio(
            input: pipes[0][0], output: pipes[1][1], complaints: pipes[2][1], script: script)
        Thread.detachNewThread { server.serve() }
        return (server, StreamNumbers(numbers: ours))
    }

    /// Does something that no message asked for.
    func act(_ act: Act) {
        switch act {
        case .write(let text): write(text + "\n", to: output.withLock { $0 } ?? -1)
        case .json(let json): self.act(.write(json.text))
        case .complain(let text): write(text + "\n", to: complaints)
        case .end:
            output.withLock { number in
                if let open = number { close(open) }
                number = nil
            }
        }
    }

    private func serve() {
        var splitter = LineSplitter(byteCountMax: 64 << 20)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(input, &buffer, buffer.count)
            guard count > 0 else { break }
            splitter.append(Array(buffer[..<count])) { line in
                guard case .message(let text) = line, let json = try? JSON(parsing: text) else {
                    return
                }
                receiving.yield(json)
                script(json).forEach(act)
            }
        }
        act(.end)
        receiving.finish()
    }

    private func write(_ text: String, to number: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Our ends of the pipes to a scripted server, until they are taken over.
struct StreamNumbers: Sendable {
    var numbers: [Int32]

    consuming func taken() -> ServerStreams {
        ServerStreams(
            input: Descriptor(adopting: numbers[0]), output: Descriptor(adopting: numbers[1]),
            complaints: Descriptor(adopting: numbers[2]))
    }
}
