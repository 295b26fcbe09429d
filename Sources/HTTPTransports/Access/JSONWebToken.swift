import MCP

/// A signed token (RFC 7519) as it was sent; nothing that it says is true before its signature was
/// checked.
struct JSONWebToken {
    /// The longest that is looked at.
    static let byteCountMax = 8192

    let algorithm: SignatureAlgorithm
    let keyID: String?
    let claims: JSON
    /// What was signed.
    let signedBytes: [UInt8]
    let signature: [UInt8]

    /// Takes a token apart; nil for what is none, or is signed in a way that is not accepted.
    init?(_ text: some Collection<UInt8>) {
        guard text.count <= JSONWebToken.byteCountMax else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = JSONWebToken.object(parts[0]),
            let claims = JSONWebToken.object(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty
        else { return nil }
        // A header that must be understood would change what the rest means.
        guard header["crit"] == nil,
            let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init),
            JSONWebToken.isAccessToken(header["typ"])
        else { return nil }
        self.algorithm = algorithm
        keyID = header["kid"]?.string
        self.claims = claims
        self.signature = signature
        signedBytes = Array(text.dropLast(parts[2].count + 1))
    }

    private static func object(_ part: some Sequence<UInt8>) -> JSON? {
        guard let bytes = Base64URL.decode(part), let json = try? JSON(parsing: bytes),
            json.object != nil
        else { return nil }
        return json
    }

    /// Tokens of other kinds are signed with the same keys.
    private static func isAccessToken(_ type: JSON?) -> Bool {
        guard let type else { return true }
        return ["jwt", "at+jwt", "application/at+jwt"].contains(type.string?.lowercased())
    }
}

/// How a token may be signed: with keys of which only the authorization server has one half.
///
/// Neither `none` nor a shared secret (`HS256`) is among them.
enum SignatureAlgorithm: String, CaseIterable {
    case edDSA = "EdDSA"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
}

// MARK: - Claims

extension JSONWebToken {
    /// How far the clocks of the two servers may differ.
    private static let clockSkewSeconds = 60.0

    /// Who made it, and for whom it speaks.
    var issuer: String? { claims["iss"]?.string }
    var subject: String? { claims["sub"]?.string }

    /// Whether it is valid at a time, in seconds since 1970; a token without an end never is.
    func isValid(at seconds: Double) -> Bool {
        guard let end = time("exp") else { return false }
        let skew = JSONWebToken.clockSkewSeconds
        let isBegun = claims["nbf"] == nil || time("nbf").map { $0 - skew <= seconds } ?? false
        return isBegun && seconds < end + skew
    }

    /// Whether one of these is whom it was made for.
    func isMeant(for audiences: [String]) -> Bool {
        let named = claims["aud"]?.array ?? claims["aud"].map { [$0] } ?? []
        return named.contains { $0.string.map(audiences.contains) ?? false }
    }

    /// What its bearer may do: `scope` with blanks between them, or `scp`, which some servers send.
    var scopes: Set<String> {
        let listed = claims["scp"]?.array?.compactMap(\.string) ?? []
        let written = [claims["scope"]?.string, claims["scp"]?.string].compactMap(\.self)
        return Set(listed + written.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// The last moment that calendars agree on: the end of the year 9999.
    private static let secondsMax = 253_402_300_799.0

    /// A moment in seconds since 1970; nil for what is none. A number without bounds would be one
    /// that never comes, and a token with such an end would hold for ever.
    private func time(_ claim: String) -> Double? {
        guard case .number(let number)? = claims[claim], let seconds = Double(number.text),
            (0...JSONWebToken.secondsMax).contains(seconds)
        else { return nil }
        return seconds
    }
}
