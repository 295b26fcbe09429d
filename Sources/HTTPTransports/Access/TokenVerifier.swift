/// Whose tokens are accepted, and what they must say.
package struct TokenRequirements: Hashable, Sendable {
    /// The authorization server, as its tokens name it: a URL.
    package var issuer: String
    /// What tokens must be made for one of; the first that is a URL is this server's own.
    package var audiences: [String]
    /// All of which a token must allow.
    package var scopes: [String]

    /// Sets requirements.
    package init(issuer: String, audiences: [String], scopes: [String] = []) {
        self.issuer = issuer
        self.audiences = audiences
        self.scopes = scopes
    }
}

/// Checks the tokens of an authorization server (RFC 9068).
package struct TokenVerifier: Sendable {
    /// What came of a check.
    enum Verdict: Hashable {
        case subject(String)
        /// Not from that server, not for this one, expired, or no token at all.
        case invalid
        /// It is all right but does not allow enough.
        case insufficientScope
        /// It cannot be told: the keys cannot be fetched.
        case unknown
    }

    /// What tokens must say.
    let requirements: TokenRequirements
    private let keys: SigningKeys
    private let now: @Sendable () -> Double

    /// Checks against these keys; `now` tells the seconds since 1970.
    package init(
        _ requirements: TokenRequirements, keys: SigningKeys,
        now: @escaping @Sendable () -> Double
    ) {
        self.requirements = requirements
        self.keys = keys
        self.now = now
    }

    /// Finds out whom a token speaks for.
    func check(_ text: some Collection<UInt8>) async -> Verdict {
        // What costs nothing first: no key is fetched for a token of somebody else's.
        guard let token = JSONWebToken(text),
            token.issuer == requirements.issuer,
            token.isMeant(for: requirements.audiences), token.isValid(at: now()),
            let subject = token.subject, !subject.isEmpty
        else { return .invalid }
        guard let keys = await keys.keys(with: token.keyID) else { return .unknown }
        guard keys.signed(token) else { return .invalid }
        guard token.scopes.isSuperset(of: requirements.scopes) else { return .insufficientScope }
        return .subject(subject)
    }
}
