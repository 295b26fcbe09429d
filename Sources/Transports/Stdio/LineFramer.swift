import MCP

/// Cuts a stream of bytes into lines.
struct LineFramer {
    /// What stands between two line breaks.
    enum Line: Hashable {
        /// A line that is not blank, without its break.
        case message([UInt8])
        /// A line over the limit, of which nothing was kept.
        case tooLong
    }

    private enum State {
        /// Keeping the beginning of a line.
        case collecting([UInt8])
        /// Inside a line that is over the limit. Next: `collecting`, at the line's break.
        case skipping
    }

    private var state = State.collecting([])
    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Takes in the next bytes and gives out the lines that they complete.
    mutating func append(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            collect(rest[..<end], into: &lines)
            endLine(into: &lines)
            rest = rest[(end + 1)...]
        }
        collect(rest, into: &lines)
        return lines
    }

    /// Gives out what the stream ended with, where its last line has no break.
    mutating func finish() -> [Line] {
        var lines: [Line] = []
        endLine(into: &lines)
        return lines
    }

    private mutating func collect(_ piece: ArraySlice<UInt8>, into lines: inout [Line]) {
        guard case .collecting(var line) = state else { return }
        guard line.count + piece.count <= byteCountMax else {
            lines.append(.tooLong)
            state = .skipping
            return
        }
        // Without this the line would have two owners, and each piece would copy all before it.
        state = .skipping
        line += piece
        state = .collecting(line)
    }

    private mutating func endLine(into lines: inout [Line]) {
        if case .collecting(var line) = state {
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            line = line.withoutByteOrderMark
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if !isBlank { lines.append(.message(line)) }
        }
        state = .collecting([])
    }
}
