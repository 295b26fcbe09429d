/// Backslash escapes of JSON strings.
enum JSONEscape {
    /// The byte that a one-letter escape stands for.
    static func byte(for letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The character that a `\u` escape stands for, and how many bytes spell it.
    ///
    /// A surrogate without its other half becomes U+FFFD: no UTF-8 can hold it.
    static func scalar(in bytes: [UInt8], at backslash: Int) -> (Unicode.Scalar, byteCount: Int) {
        guard let first = bytes.codeUnit(at: backslash + 2) else { return ("\u{FFFD}", 6) }
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        guard UTF16.isLeadSurrogate(first), backslash + 7 < bytes.count,
            bytes[backslash + 6] == UInt8(ascii: "\\"), bytes[backslash + 7] == UInt8(ascii: "u"),
            let second = bytes.codeUnit(at: backslash + 8), UTF16.isTrailSurrogate(second)
        else { return ("\u{FFFD}", 6) }
        return (UTF16.decode(UTF16.EncodedScalar([first, second])), 12)
    }

    /// A character that ends a line to many readers, though JSON lets it stand in a string.
    struct LineBreak {
        let byteCount: Int
        let escape: StaticString
    }

    /// The line break that begins at a byte of UTF-8: U+0085, U+2028 or U+2029.
    ///
    /// Who cuts a stream of events into lines by Unicode's rules loses the message that has one.
    static func lineBreak(in bytes: Span<UInt8>, at index: Int) -> LineBreak? {
        switch bytes[index] {
        case 0xC2 where index + 1 < bytes.count && bytes[index + 1] == 0x85:
            return LineBreak(byteCount: 2, escape: #"\u0085"#)
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80:
            switch bytes[index + 2] {
            case 0xA8: return LineBreak(byteCount: 3, escape: #"\u2028"#)
            case 0xA9: return LineBreak(byteCount: 3, escape: #"\u2029"#)
            default: return nil
            }
        default: return nil
        }
    }
}

extension [UInt8] {
    /// The UTF-16 code unit that four hexadecimal digits spell; nil where they do not stand there.
    func codeUnit(at start: Int) -> UInt16? {
        guard start + 4 <= count else { return nil }
        var value: UInt16 = 0
        for digit in self[start..<start + 4] {
            switch digit {
            case UInt8.digits: value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                value = value << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}
