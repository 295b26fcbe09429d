/// The form of base64 that tokens are written in: RFC 4648, section 5, without padding.
enum Base64URL {
    /// The bytes; nil for anything that an encoder would not have written.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, bitCount) = (UInt32(0), 0)
        var lettersCount = 0
        for letter in text {
            guard let value = value(of: letter) else { return nil }
            lettersCount += 1
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        let rest = bits & (1 << UInt32(bitCount) - 1)
        return lettersCount % 4 != 1 && rest == 0 ? bytes : nil
    }

    private static func value(of letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
