/// Finds the tokens of a JSON text, strictly as RFC 8259 has them.
///
/// It works on bytes: an agent may send a megabyte of code in one string.
struct JSONScanner {
    let bytes: [UInt8]
    private(set) var position = 0
    private let limits: JSONLimits
    private var valueCount = 0

    /// Begins a text, whose size and UTF-8 are checked here, once for all strings in it.
    init(_ bytes: [UInt8], limits: JSONLimits) throws(MCPError) {
        guard bytes.count <= limits.byteCountMax else {
            throw .malformedJSON(.tooLong, offset: limits.byteCountMax)
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw .malformedJSON(.invalidUTF8, offset: error.byteOffsets.lowerBound)
        }
        self.bytes = bytes
        self.limits = limits
    }

    /// What is wrong where the scanner stands.
    func fault(_ fault: JSONFault) -> MCPError {
        .malformedJSON(position < bytes.count ? fault : .unexpectedEnd, offset: position)
    }

    /// The next byte after white space; it is not consumed.
    mutating func peek() throws(MCPError) -> UInt8 {
        skipWhitespace()
        guard position < bytes.count else { throw fault(.unexpectedEnd) }
        return bytes[position]
    }

    /// The first byte of a value inside `depth` others; it counts against the limits.
    mutating func beginValue(depth: Int) throws(MCPError) -> UInt8 {
        let byte = try peek()
        let isNested = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
        guard !isNested || depth < limits.depthMax else { throw fault(.tooDeep) }
        valueCount += 1
        guard valueCount <= limits.valueCountMax else { throw fault(.tooManyValues) }
        return byte
    }

    /// Consumes this byte if it comes next.
    mutating func consume(_ byte: UInt8) throws(MCPError) -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// Consumes this byte, which must come next.
    mutating func expect(_ byte: UInt8) throws(MCPError) {
        guard try consume(byte) else { throw fault(.unexpectedByte) }
    }

    /// Consumes a comma, or the closing byte of an array or object.
    mutating func consumeSeparator(or end: UInt8) throws(MCPError) -> Separator {
        if try consume(end) { return .end }
        try expect(UInt8(ascii: ","))
        return .comma
    }

    /// What stands between two elements.
    enum Separator {
        case comma
        case end
    }

    /// Consumes `true`, `false` or `null`.
    mutating func scanLiteral(_ literal: StaticString) throws(MCPError) {
        for expected in literal.description.utf8 {
            guard position < bytes.count, bytes[position] == expected else {
                throw fault(.unexpectedByte)
            }
            position += 1
        }
    }

    /// Nothing but white space may be left.
    mutating func finish() throws(MCPError) {
        skipWhitespace()
        guard position == bytes.count else { throw fault(.unexpectedByte) }
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}

// MARK: - Numbers and strings

extension JSONScanner {
    /// Consumes a number and says where it stands.
    mutating func scanNumber() throws(MCPError) -> Range<Int> {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try scanDigits() }
        if next == UInt8(ascii: ".") {
            position += 1
            try scanDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try scanDigits()
        }
        return start..<position
    }

    private var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func scanDigits() throws(MCPError) {
        let start = position
        while let byte = next, UInt8.digits.contains(byte) { position += 1 }
        guard position > start else { throw fault(.invalidNumber) }
    }

    /// Consumes a string and says where its content stands, without the quotes.
    ///
    /// - Parameter onEscape: called with the place of each backslash, which was found valid.
    mutating func scanString(onEscape: (Int) -> Void) throws(MCPError) -> Range<Int> {
        try expect(UInt8(ascii: "\""))
        let start = position
        while true {
            position = endOfPlainText(from: position)
            guard position < bytes.count else { throw fault(.unexpectedEnd) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<position - 1
            case UInt8(ascii: "\\"):
                let backslash = position
                try scanEscape()
                onEscape(backslash)
            default: throw fault(.controlCharacter)
            }
        }
    }

    /// Where the run of bytes that stand for themselves ends.
    private func endOfPlainText(from start: Int) -> Int {
        let span = bytes.span
        var index = start
        while index < span.count {
            let byte = span[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    private mutating func scanEscape() throws(MCPError) {
        position += 1
        switch next {
        case UInt8(ascii: "u"):
            guard bytes.codeUnit(at: position + 1) != nil else { throw fault(.invalidEscape) }
            position += 5
        case let byte? where JSONEscape.byte(for: byte) != nil: position += 1
        default: throw fault(.invalidEscape)
        }
    }
}
