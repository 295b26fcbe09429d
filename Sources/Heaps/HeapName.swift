/// What clients call a heap.
package struct HeapName: Hashable, Sendable {
    /// The most bytes that a name may have.
    package static let byteCountMax = 128

    /// What is allowed, for the text of an error.
    package static let rule =
        "a name has 1 to 128 of the characters A-Z a-z 0-9 _ . -, the first a letter or digit, "
        + "and is not itself 64 hex digits (a version)."

    /// The name as it was given.
    package let text: String

    /// Checks a name.
    ///
    /// 64 hex digits are refused, because a ``HeapReference`` of that form is a version.
    ///
    /// - Throws: ``HeapError/invalidName(given:)``.
    package init(_ text: String) throws(HeapError) {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= Self.byteCountMax,
            first.isASCIILetterOrDigit,
            bytes.allSatisfy({ $0.isASCIILetterOrDigit || "_.-".utf8.contains($0) }),
            !(bytes.count == HeapVersion.digitCount && bytes.allSatisfy(\.isHexDigit))
        else { throw .invalidName(given: text.cut()) }
        self.text = text
    }
}

extension HeapName: CustomStringConvertible, Comparable {
    /// The name itself.
    package var description: String { text }

    /// Orders names by their bytes.
    package static func < (left: HeapName, right: HeapName) -> Bool { left.text < right.text }
}

/// How a name is written where upper and lower case may be the same.
///
/// The letters become lower-case; behind a `~`, a bit for each character says which were
/// upper-case, four to a hex digit, the first in the highest bit, without the zero digits at the
/// end. `MyHeap` is `myheap~a`.
extension HeapName {
    /// The name in a form that differs from every other name's even where case is folded.
    var encoded: String {
        var digits: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            if index % 4 == 0 { digits.append(0) }
            if byte.isASCIIUpperCase { digits[index / 4] |= 8 >> (index % 4) }
        }
        while digits.last == 0 { digits.removeLast() }
        let mask = digits.map { String($0, radix: 16) }.joined()
        return text.lowercased() + (mask.isEmpty ? "" : "~" + mask)
    }

    /// Reads the one encoding that a name has; everything else is nil.
    init?(encoded: String) {
        let parts = encoded.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.count == 2 ? parts[1].compactMap(\.hexDigitValue) : []
        let bytes = parts[0].utf8.enumerated().map { index, byte in
            let isUpper = index / 4 < digits.count && digits[index / 4] & (8 >> (index % 4)) != 0
            return isUpper && byte.isASCIILetterOrDigit ? byte & ~0x20 : byte
        }
        guard let name = try? HeapName(String(decoding: bytes, as: UTF8.self)),
            name.encoded == encoded
        else { return nil }
        self = name
    }
}
