/// What requests are signed with; never printed.
package struct Credentials: Hashable, Sendable {
    var accessKeyID: String
    var secretAccessKey: String
    var sessionToken: String?
    /// When they end; nil if they do not.
    var expiration: Timestamp?
    /// Where they come from, for people.
    package var source: String

    /// Makes credentials.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
        source: String
    ) {
        self.init(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken, expiration: nil, source: source)
    }

    init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String?,
        expiration: Timestamp?, source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
        self.expiration = expiration
        self.source = source
    }
}

extension Credentials: CustomStringConvertible, CustomReflectable {
    /// Where they come from; nothing else.
    package var description: String { "credentials from \(source)" }

    /// The same, so that a dump shows no secret either.
    package var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
