import FoundationEssentials
import JWTKit
import MCP

/// The public keys of an authorization server: a JSON Web Key Set (RFC 7517).
package struct KeySet: Sendable {
    /// The most keys that a set may have.
    package static let countMax = 64
    /// The largest file or answer with a set.
    package static let byteCountMax = 256 << 10

    private struct Entry {
        let keyID: String?
        let algorithm: SignatureAlgorithm
        let key: any JWTAlgorithm
    }

    private let entries: [Entry]

    /// Reads a set; keys of other kinds or for other uses are left out.
    ///
    /// - Throws: ``KeySetError``.
    package init(_ text: [UInt8]) async throws(KeySetError) {
        guard text.count <= KeySet.byteCountMax else { throw .tooLarge }
        guard let json = try? JSON(parsing: text), let keys = json["keys"]?.array else {
            throw .noKeySet
        }
        guard keys.count <= KeySet.countMax else { throw .tooLarge }
        var entries: [Entry] = []
        for key in keys where ["sig", nil].contains(key["use"]?.string) {
            guard key["d"] == nil else { throw .privateKey }
            for algorithm in SignatureAlgorithm.allCases {
                guard let made = await KeySet.key(key, for: algorithm) else { continue }
                let entry = Entry(keyID: key["kid"]?.string, algorithm: algorithm, key: made)
                entries.append(entry)
            }
        }
        guard !entries.isEmpty else { throw .noUsableKey }
        self.entries = entries
    }

    /// Whether a key has this name; a token without one may be signed with any.
    func has(_ keyID: String?) -> Bool {
        keyID == nil || entries.contains { $0.keyID == keyID }
    }

    /// Whether the signature of a token was made with one of these keys, and the way that the token
    /// names is one of that key's.
    func signed(_ token: JSONWebToken) -> Bool {
        entries.contains { entry in
            guard entry.algorithm == token.algorithm,
                token.keyID == nil || entry.keyID == token.keyID
            else { return false }
            return (try? entry.key.verify(token.signature, signs: token.signedBytes)) ?? false
        }
    }

    /// The key for one way of signing; nil where the two do not go together.
    private static func key(
        _ json: JSON, for algorithm: SignatureAlgorithm
    ) async -> (any JWTAlgorithm)? {
        if let named = json["alg"]?.string, named != algorithm.rawValue { return nil }
        let name = JWK.Algorithm(rawValue: algorithm.rawValue)
        let id = JWKIdentifier(string: "key")
        let curve = json["crv"]?.string ?? ""
        let key: JWK
        switch (json["kty"]?.string, algorithm) {
        case ("RSA", .rs256), ("RSA", .rs384), ("RSA", .rs512), ("RSA", .ps256), ("RSA", .ps384),
            ("RSA", .ps512):
            let modulus = json["n"]?.string ?? ""
            guard modulus.utf8.count >= KeySet.modulusLetterCountMin else { return nil }
            key = .rsa(name, identifier: id, modulus: modulus, exponent: json["e"]?.string)
        case ("EC", .es256) where curve == "P-256", ("EC", .es384) where curve == "P-384",
            ("EC", .es512) where curve == "P-521":
            key = .ecdsa(
                name, identifier: id, x: json["x"]?.string, y: json["y"]?.string,
                curve: ECDSACurve(rawValue: curve))
        case ("OKP", .edDSA):
            key = .octetKeyPair(
                name, identifier: id, x: json["x"]?.string, y: nil,
                curve: EdDSACurve(rawValue: curve))
        default: return nil
        }
        let keys = JWTKeyCollection()
        return try? await keys.add(jwk: key).getKey(for: id, alg: algorithm.rawValue)
    }

    /// 2048 bits.
    private static let modulusLetterCountMin = 341
}

/// Why a text is no set of keys.
package enum KeySetError: Error, Hashable, Sendable {
    /// It is no JSON object with a list `keys`.
    case noKeySet
    /// It has too many keys, or is too long.
    case tooLarge
    /// It has no key that tokens may be signed with.
    case noUsableKey
    /// It has a private key, which nobody but the authorization server must have.
    case privateKey
}

extension KeySetError: CustomStringConvertible {
    /// What is wrong and what would be right.
    package var description: String {
        switch self {
        case .noKeySet: "it must be a JSON Web Key Set: {\"keys\": [...]}"
        case .tooLarge:
            "it must have at most \(KeySet.countMax) keys and \(KeySet.byteCountMax) bytes"
        case .noUsableKey:
            "it must have a public RSA key of 2048 bits, or one on P-256, P-384, P-521 or Ed25519"
        case .privateKey: "it has a private key: give the public half only"
        }
    }
}
