internal import Crypto

/// The id of one committed state of a heap: the SHA-256 of its ``VersionRecord``.
package struct HeapVersion: Hashable, Sendable {
    /// How many hex digits a version has.
    package static let digitCount = 64

    /// The id as 64 lower-case hex digits.
    package let text: String

    /// Checks a version.
    ///
    /// - Throws: ``HeapError/invalidVersion(given:)`` for anything but 64 lower-case hex digits.
    package init(_ text: String) throws(HeapError) {
        guard text.utf8.count == Self.digitCount, text.utf8.allSatisfy(\.isLowerCaseHexDigit)
        else { throw .invalidVersion(given: text.cut()) }
        self.text = text
    }

    /// Names a version by the digest of its record.
    init(_ digest: SHA256Digest) {
        text = String(hexDigitsOf: digest)
    }

    /// Names a version by the 32 bytes of a digest.
    init?(digestBytes: [UInt8]) {
        guard digestBytes.count == SHA256Digest.byteCount else { return nil }
        text = String(hexDigitsOf: digestBytes)
    }

    /// The 32 bytes that the text stands for.
    var digestBytes: [UInt8] {
        let values = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: values.count, by: 2).map { index in
            UInt8(values[index] << 4 | values[index + 1])
        }
    }
}

extension HeapVersion: CustomStringConvertible {
    /// All 64 digits.
    package var description: String { text }

    /// Enough digits for a person.
    package var short: String { String(text.prefix(12)) }
}
