import MCP

/// Cuts what a server writes into lines, and keeps no line that is over the limit.
struct LineSplitter {
    enum Line: Equatable {
        /// A line that is not blank, without its break.
        case message([UInt8])
        /// A line over the limit, of which nothing is kept but the id that it had, if it had one.
        case tooLong(id: RequestID?)
    }

    private enum State {
        /// Keeping the beginning of a line.
        case collecting([UInt8])
        /// Inside a line that is over the limit. Next: `collecting`, at the line's break.
        case skipping(AnswerIDScanner)
    }

    private var state = State.collecting([])
    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Takes in the next bytes and hands out the lines that they complete, in order.
    mutating func append(_ bytes: [UInt8], _ onLine: (Line) -> Void) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            collect(rest[..<end])
            endLine(onLine)
            rest = rest[(end + 1)...]
        }
        collect(rest)
    }

    /// Hands out what the stream ended with, where its last line has no break.
    mutating func finish(_ onLine: (Line) -> Void) { endLine(onLine) }

    private mutating func collect(_ piece: ArraySlice<UInt8>) {
        switch state {
        case .collecting(var line):
            // Without this the line would have two owners, and each piece would copy all before it.
            state = .collecting([])
            if line.count + piece.count <= byteCountMax {
                line += piece
                state = .collecting(line)
            } else {
                var scanner = AnswerIDScanner()
                scanner.scan(line)
                scanner.scan(piece)
                state = .skipping(scanner)
            }
        case .skipping(var scanner):
            scanner.scan(piece)
            state = .skipping(scanner)
        }
    }

    private mutating func endLine(_ onLine: (Line) -> Void) {
        switch state {
        case .collecting(var line):
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            line = line.withoutByteOrderMark
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if !isBlank { onLine(.message(line)) }
        case .skipping(let scanner): onLine(.tooLong(id: scanner.id))
        }
        state = .collecting([])
    }
}
