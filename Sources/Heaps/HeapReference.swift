/// How a client says which version of which heap it means.
package enum HeapReference: Hashable, Sendable {
    /// The head of this heap; or, where there is no such heap, the kept version that starts so.
    case head(HeapName)
    /// The version that starts with these lower-case hex digits: in this heap's history, or the
    /// only one that is kept.
    case inHistory(of: HeapName, prefix: String)
    /// This version, whatever heap it belongs to.
    case version(HeapVersion)

    /// The fewest digits that may stand for a version.
    package static let prefixDigitCountMin = 8

    /// What is allowed, for the text of an error.
    package static let rule =
        "give a heap's name, a name and at least 8 hex digits of a version (name@0123abcd), "
        + "or 8 to 64 hex digits of a version."

    /// The lower-case digits that a text may be the first of a version by; nil if it is none of
    /// that.
    static func prefix(_ text: String) -> String? {
        let digits = text.lowercased()
        let isPrefix =
            (prefixDigitCountMin...HeapVersion.digitCount).contains(digits.utf8.count)
            && digits.utf8.allSatisfy(\.isLowerCaseHexDigit)
        return isPrefix ? digits : nil
    }

    /// Whether a name could be the first digits of a version.
    package static func isPrefix(_ name: HeapName) -> Bool { prefix(name.text) != nil }

    /// Reads `name`, `name@digits` or 64 hex digits, in upper or lower case.
    ///
    /// - Throws: ``HeapError/invalidReference(given:)``, or ``HeapError/invalidName(given:)`` if it
    ///   is the name that is wrong.
    package init(_ text: String) throws(HeapError) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let digits = Self.prefix(String(parts.last ?? ""))
        switch parts.count {
        case 1:
            if let digits, digits.utf8.count == HeapVersion.digitCount {
                self = .version(try HeapVersion(digits))
            } else {
                self = .head(try HeapName(text))
            }
        case 2:
            guard let digits else { throw .invalidReference(given: text.cut()) }
            self = .inHistory(of: try HeapName(String(parts[0])), prefix: digits)
        default:
            throw .invalidReference(given: text.cut())
        }
    }
}

extension HeapReference: CustomStringConvertible {
    /// The reference as a client would write it.
    package var description: String {
        switch self {
        case .head(let name): name.text
        case .inHistory(let name, let prefix): "\(name)@\(prefix)"
        case .version(let version): version.text
        }
    }
}
