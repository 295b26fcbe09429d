import Crypto

/// Who sent a request: what its sessions belong to, and whose rate is counted.
enum Principal: Hashable, Sendable {
    /// Anyone, where no token is asked for.
    case anyone
    /// Whoever has the token with this digest.
    case token(SHA256.Digest)
    /// Whom the authorization server calls so.
    case subject(String)
}
