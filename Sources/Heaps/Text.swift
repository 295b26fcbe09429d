extension UInt8 {
    var isASCIIUpperCase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isASCIILetterOrDigit: Bool {
        isASCIIDigit || isASCIIUpperCase || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    var isLowerCaseHexDigit: Bool {
        isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }

    var isHexDigit: Bool { isASCIILetterOrDigit && (self | 0x20).isLowerCaseHexDigit }
}

extension Unicode.Scalar {
    /// Whether its category is that of control characters.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension String {
    /// Writes bytes as lower-case hex digits.
    init(hexDigitsOf bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        self = String(decoding: text, as: UTF8.self)
    }

    /// The start of the text, short enough to be repeated in an error.
    func cut() -> String {
        let byteCountMax = 80
        guard utf8.count > byteCountMax else { return self }
        return String(decoding: utf8.prefix(byteCountMax), as: UTF8.self) + "…"
    }

    /// The first line that is not blank, of bounded length and without control characters.
    func firstLine(characterCountMax: Int, byteCountMax: Int) -> String {
        var line = ""
        var byteCount = 0
        let start = drop(while: \.isWhitespace).prefix(characterCountMax).prefix { !$0.isNewline }
        for scalar in start.unicodeScalars {
            byteCount += UTF8.width(scalar)
            guard byteCount <= byteCountMax else { break }
            line.unicodeScalars.append(scalar.isControl ? " " : scalar)
        }
        return line
    }
}
