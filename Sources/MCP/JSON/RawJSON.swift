/// JSON text from a process that is not trusted, found to be valid and safe to write as it is.
///
/// It holds no raw line break of any kind, so it cannot break a line-framed stream, and no lone
/// surrogate, which strict clients refuse.
package struct RawJSON: Hashable, Sendable {
    /// The text in UTF-8.
    package let bytes: [UInt8]

    /// Checks a text without building values of it.
    ///
    /// - Throws: ``MCPError/malformedJSON(_:offset:)``.
    package init(validating text: [UInt8], limits: JSONLimits = JSONLimits()) throws(MCPError) {
        var scanner = try JSONScanner(text, limits: limits)
        var unicodeEscapes: [Int] = []
        try scanner.skipValue(depth: 0, unicodeEscapes: &unicodeEscapes)
        try scanner.finish()
        var bytes = text
        bytes.replaceLoneSurrogates(among: unicodeEscapes)
        // In a valid text these two bytes stand between tokens only.
        for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D {
            bytes[index] = 0x20
        }
        bytes.escapeLineBreaks()
        self.bytes = bytes
    }
}

extension [UInt8] {
    /// Spells `\ufffd` where a `\u` escape has half a character.
    fileprivate mutating func replaceLoneSurrogates(among escapes: [Int]) {
        var done = 0
        for escape in escapes where escape >= done {
            let (scalar, byteCount) = JSONEscape.scalar(in: self, at: escape)
            done = escape + byteCount
            if scalar == "\u{FFFD}" { replaceSubrange(escape..<escape + 6, with: #"\ufffd"#.utf8) }
        }
    }
}

extension [UInt8] {
    /// Escapes the line breaks that JSON lets stand in strings.
    fileprivate mutating func escapeLineBreaks() {
        var escaped: [UInt8] = []
        var copied = 0
        var index = 0
        while index < count {
            guard let lineBreak = JSONEscape.lineBreak(in: span, at: index) else {
                index += 1
                continue
            }
            escaped += self[copied..<index]
            escaped.append(ascii: lineBreak.escape)
            index += lineBreak.byteCount
            copied = index
        }
        if copied > 0 { self = escaped + self[copied...] }
    }
}

extension JSONScanner {
    fileprivate mutating func skipValue(
        depth: Int, unicodeEscapes: inout [Int]
    ) throws(MCPError) {
        switch try beginValue(depth: depth) {
        case UInt8(ascii: "{"):
            try skipElements(from: "{", to: "}", depth: depth, unicodeEscapes: &unicodeEscapes)
        case UInt8(ascii: "["):
            try skipElements(from: "[", to: "]", depth: depth, unicodeEscapes: &unicodeEscapes)
        case UInt8(ascii: "\""): try skipString(unicodeEscapes: &unicodeEscapes)
        case UInt8(ascii: "t"): try scanLiteral("true")
        case UInt8(ascii: "f"): try scanLiteral("false")
        case UInt8(ascii: "n"): try scanLiteral("null")
        case UInt8(ascii: "-"), UInt8.digits: _ = try scanNumber()
        default: throw fault(.unexpectedByte)
        }
    }

    private mutating func skipElements(
        from start: Unicode.Scalar, to end: Unicode.Scalar, depth: Int,
        unicodeEscapes: inout [Int]
    ) throws(MCPError) {
        try expect(UInt8(ascii: start))
        if try consume(UInt8(ascii: end)) { return }
        repeat {
            if start == "{" {
                try skipString(unicodeEscapes: &unicodeEscapes)
                try expect(UInt8(ascii: ":"))
            }
            try skipValue(depth: depth + 1, unicodeEscapes: &unicodeEscapes)
        } while try consumeSeparator(or: UInt8(ascii: end)) == .comma
    }

    private mutating func skipString(unicodeEscapes: inout [Int]) throws(MCPError) {
        let bytes = self.bytes
        _ = try scanString { escape in
            if bytes[escape + 1] == UInt8(ascii: "u") { unicodeEscapes.append(escape) }
        }
    }
}
