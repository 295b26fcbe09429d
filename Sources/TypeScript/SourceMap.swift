/// Which piece of generated text comes from where in the source.
struct SourceMap {
    /// A place in a text: line and UTF-16 column, from 0.
    struct Place: Hashable {
        var line: Int
        var column: Int
    }

    /// Where a piece of generated text begins, and where what it stands for begins in the source.
    struct Segment: Hashable {
        var generated: Place
        var source: Place
    }

    private static let comment = "//# sourceMappingURL=data:application/json;base64,"
    private static let key = "\"mappings\": \""

    /// In the order of the generated text.
    let segments: [Segment]

    /// Takes the map off the end of a text that carries it; nil if it has none that can be read.
    static func split(_ output: String) -> (text: String, map: SourceMap)? {
        let bytes = Array(output.utf8)
        let mark = Array(comment.utf8)
        guard let lineStart = lastLineStart(of: bytes),
            bytes[lineStart...].starts(with: mark),
            let json = Base64Digits.decode(bytes[(lineStart + mark.count)...]),
            let mappings = mappings(in: json), let map = SourceMap(mappings: mappings)
        else { return nil }
        return (String(decoding: bytes[..<lineStart], as: UTF8.self), map)
    }

    private static func lastLineStart(of bytes: [UInt8]) -> Int? {
        let lineBreak = UInt8(ascii: "\n")
        let end = bytes.last == lineBreak ? bytes.count - 1 : bytes.count
        return bytes[..<end].lastIndex(of: lineBreak).map { $0 + 1 }
    }

    /// The value of `mappings`, whose characters are never escaped.
    private static func mappings(in json: [UInt8]) -> ArraySlice<UInt8>? {
        let key = Array(key.utf8)
        guard json.count > key.count else { return nil }
        for start in 0..<(json.count - key.count)
        where json[start] == key[0] && json[start...].starts(with: key) {
            return json[(start + key.count)...].prefix { $0 != UInt8(ascii: "\"") }
        }
        return nil
    }

    /// Reads mappings of version 3 of the format.
    init?(mappings: ArraySlice<UInt8>) {
        var segments: [Segment] = []
        var source = Place(line: 0, column: 0)
        let lines = mappings.split(
            separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        for (line, fields) in lines.enumerated() {
            var column = 0
            for field in fields.split(separator: UInt8(ascii: ",")) {
                guard let numbers = Base64Digits.numbers(field), !numbers.isEmpty else {
                    return nil
                }
                column += numbers[0]
                guard numbers.count >= 4 else { continue }
                source.line += numbers[2]
                source.column += numbers[3]
                guard column >= 0, source.line >= 0, source.column >= 0 else { return nil }
                segments.append(
                    Segment(generated: Place(line: line, column: column), source: source))
            }
        }
        self.segments = segments
    }
}

/// The digits that base64 and the numbers of source maps share.
enum Base64Digits {
    private static func value(_ digit: UInt8) -> Int? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit) - 97 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit) - 48 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// The bytes that base64 stands for, up to its padding or its line's end.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits = 0
        var bitCount = 0
        for digit in text {
            if digit == UInt8(ascii: "=") || digit == UInt8(ascii: "\n") { break }
            guard let value = value(digit) else { return nil }
            bits = (bits << 6 | value) & 0xffff
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        return bytes
    }

    /// Numbers of variable length: five bits a digit, the lowest first, the first of all the sign.
    static func numbers(_ text: ArraySlice<UInt8>) -> [Int]? {
        var numbers: [Int] = []
        var number = 0
        var shift = 0
        for digit in text {
            guard let value = value(digit), shift <= 30 else { return nil }
            number |= (value & 31) << shift
            shift += 5
            guard value & 32 == 0 else { continue }
            numbers.append(number & 1 == 0 ? number >> 1 : -(number >> 1))
            number = 0
            shift = 0
        }
        return shift == 0 ? numbers : nil
    }
}
