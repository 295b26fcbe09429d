internal import Crypto
internal import Foundation

/// The keys with which versions and heads are signed, and by which they are known to be ours.
///
/// A signature is HMAC-SHA256 over what the signed thing is, and its content. A version's content
/// is its record, which its id is the digest of and which has the digest of the snapshot; a head's
/// has the heap's name. So neither can take another's place.
package struct SigningKeys: Sendable {
    /// What a signature is of, so that one of one kind is none of the other.
    enum Subject: String {
        case version = "mcp-v8 version\n"
        case head = "mcp-v8 head\n"
    }

    /// A key of fewer bytes could be guessed.
    package static let keyByteCountMin = 32
    /// No file of keys is larger.
    package static let fileByteCountMax = 65_536
    /// How many bytes a signature has.
    static let signatureByteCount = SHA256Digest.byteCount

    private let keys: [SymmetricKey]

    /// Takes the content of a file with one key on each line, the first of which signs; blank lines
    /// and those that start with `#` are skipped.
    ///
    /// - Throws: ``SigningKeysError``.
    package init(file content: [UInt8]) throws(SigningKeysError) {
        guard content.count <= Self.fileByteCountMax else { throw .tooLarge }
        var keys: [SymmetricKey] = []
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let key = line.filter { ![0x20, 0x09, 0x0D].contains($0) }
            if key.isEmpty || key.first == UInt8(ascii: "#") { continue }
            guard key.count >= Self.keyByteCountMin else { throw .tooShort(line: index + 1) }
            keys.append(SymmetricKey(data: key))
        }
        guard !keys.isEmpty else { throw .none }
        self.keys = keys
    }

    /// Signs with the first key.
    func sign(_ content: [UInt8], as subject: Subject) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(for: Self.message(content, subject), using: keys[0]))
    }

    /// Checks that one of the keys made a signature; comparing takes the same time wherever two
    /// differ.
    ///
    /// - Throws: ``EnvelopeDamage/unsigned`` or ``EnvelopeDamage/signatureMismatch``.
    func verify(
        _ signature: [UInt8]?, of content: [UInt8], as subject: Subject
    ) throws(EnvelopeDamage) {
        guard let signature else { throw .unsigned }
        let message = Self.message(content, subject)
        let isOurs = keys.contains { key in
            HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: message, using: key)
        }
        guard isOurs else { throw .signatureMismatch }
    }

    private static func message(_ content: [UInt8], _ subject: Subject) -> [UInt8] {
        Array(subject.rawValue.utf8) + content
    }
}

/// Why a file's content is no list of keys.
package enum SigningKeysError: Error, Hashable, Sendable {
    /// It has none.
    case none
    /// It is larger than any list of keys.
    case tooLarge
    /// A key could be guessed.
    case tooShort(line: Int)
}

extension SigningKeysError: CustomStringConvertible {
    /// What is wrong, without the key.
    package var description: String {
        switch self {
        case .none:
            "it holds no key; \"openssl rand -hex 32\" makes one"
        case .tooLarge:
            "it is larger than \(SigningKeys.fileByteCountMax) bytes"
        case .tooShort(let line):
            "the key on line \(line) has less than \(SigningKeys.keyByteCountMin) bytes; "
                + "\"openssl rand -hex 32\" makes a good one"
        }
    }
}
