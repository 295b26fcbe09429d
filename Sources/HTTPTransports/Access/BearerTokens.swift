import Crypto

/// The tokens of which a request must bring one; only their digests are kept.
package struct BearerTokens: Sendable {
    /// Tokens are random: shorter ones could be guessed.
    package static let characterCountMin = 16
    /// Headers are not much longer.
    package static let characterCountMax = 4096

    private let digests: [SHA256.Digest]

    /// Takes the content of a file with one token on each line; blank lines are skipped.
    ///
    /// - Throws: ``BearerTokensError``.
    package init(file: String) throws(BearerTokensError) {
        var digests: [SHA256.Digest] = []
        for (index, line) in file.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let token = line.utf8.filter { $0 != 0x20 && $0 != 0x09 }
            if token.isEmpty { continue }
            guard token.count >= BearerTokens.characterCountMin else {
                throw .tooShort(line: index + 1)
            }
            guard token.count == line.utf8.count, token.count <= BearerTokens.characterCountMax,
                token.allSatisfy(\.isTokenCharacter)
            else { throw .unusable(line: index + 1) }
            digests.append(SHA256.hash(data: token))
        }
        guard !digests.isEmpty else { throw .none }
        self.digests = digests
    }

    /// The digest of a token; nil if it is none of these. The time it takes says nothing of which.
    func digest(of token: some Sequence<UInt8>) -> SHA256.Digest? {
        let presented = SHA256.hash(data: Array(token))
        var isKnown = false
        for digest in digests where digest == presented { isKnown = true }
        return isKnown ? presented : nil
    }
}

/// Why a file's content is no list of tokens.
package enum BearerTokensError: Error, Hashable, Sendable {
    /// It has none.
    case none
    /// A token could be guessed.
    case tooShort(line: Int)
    /// A token could not be sent in a header as it stands there.
    case unusable(line: Int)
}

extension BearerTokensError: CustomStringConvertible {
    /// What is wrong, without the token.
    package var description: String {
        switch self {
        case .none: "it holds no token"
        case .tooShort(let line):
            "the token on line \(line) has less than \(BearerTokens.characterCountMin) characters"
        case .unusable(let line):
            "the token on line \(line) has characters other than A-Z a-z 0-9 - . _ ~ + / ="
        }
    }
}

extension UInt8 {
    /// Whether RFC 6750 lets a bearer token have it.
    fileprivate var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(self)
        }
    }
}
