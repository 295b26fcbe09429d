/// How a client says which version of which heap it means.
package enum HeapReference: Hashable, Sendable {
    /// The head of this heap.
    case head(HeapName)
    /// The version in this heap's history that starts with these lower-case hex digits.
    case inHistory(of: HeapName, prefix: String)
    /// This version, whatever heap it belongs to.
    case version(HeapVersion)

    /// The fewest digits that may stand for a version.
    package static let prefixDigitCountMin = 8

    /// What is allowed, for the text of an error.
    package static let rule =
        "give a heap's name, a name and at least 8 hex digits of a version (name@0123abcd), "
        + "or the 64 hex digits of a version."

    /// Reads `name`, `name@digits` or 64 hex digits, in upper or lower case.
    ///
    /// - Throws: ``HeapError/invalidReference(given:)``, or ``HeapError/invalidName(given:)`` if it
    ///   is the name that is wrong.
    package init(_ text: String) throws(HeapError) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let digits = (parts.last ?? "").lowercased()
        let isVersion = digits.utf8.allSatisfy(\.isLowerCaseHexDigit)
        switch parts.count {
        case 1 where isVersion && digits.utf8.count == HeapVersion.digitCount:
            self = .version(try HeapVersion(digits))
        case 1:
            self = .head(try HeapName(text))
        case 2:
            let digitCounts = Self.prefixDigitCountMin...HeapVersion.digitCount
            guard isVersion, digitCounts.contains(digits.utf8.count) else {
                throw .invalidReference(given: text.cut())
            }
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
