/// A JSON number as it was written: `12345678901234567890` and `1.50` survive.
package struct JSONNumber: Hashable, Sendable {
    /// The number in JSON's own spelling.
    package let text: String

    /// Takes text that a scanner found to be a JSON number.
    init(scanned text: String) {
        self.text = text
    }

    /// Makes a number of an integer.
    package init(_ value: some BinaryInteger) {
        text = String(value)
    }

    /// Makes a number of a double; nil for infinities and for what is not a number.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// Whether it is spelled with digits and a sign only.
    package var isSpelledAsInteger: Bool {
        text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || UInt8.digits.contains($0) }
    }

    /// The value, where it has no fraction and is exact: `3`, `3.0` and `3e0` are all 3.
    package var integer: Int? {
        if isSpelledAsInteger { return Int(text) }
        // Beyond 2^53 a double no longer says which integer was meant.
        guard let double = Double(text), double.magnitude <= 0x1p53 else { return nil }
        return Int(exactly: double)
    }
}

extension UInt8 {
    /// The ASCII digits.
    static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
}
