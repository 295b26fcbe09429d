internal import FoundationEssentials

/// Credentials as the metadata services and `credential_process` write them, in JSON.
struct CredentialDocument: Decodable {
    var version: Int?
    var accessKeyID: String?
    var secretAccessKey: String?
    var token: String?
    var sessionToken: String?
    var expiration: String?
    var code: String?
    var message: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
        case code = "Code"
        case message = "Message"
    }

    /// Reads the bytes that a place gave.
    init(_ bytes: [UInt8], from source: String) throws(S3Error) {
        do {
            self = try JSONDecoder().decode(CredentialDocument.self, from: Data(bytes))
        } catch {
            // The decoder's own text might quote what it could not read.
            throw .noCredentials("\(source) gave no JSON with credentials")
        }
    }

    /// The credentials in it.
    func credentials(from source: String) throws(S3Error) -> Credentials {
        guard let accessKeyID, let secretAccessKey else {
            let reason = [code, message].compactMap(\.self).joined(separator: ": ")
            throw .noCredentials(
                "\(source) gave no AccessKeyId and SecretAccessKey"
                    + (reason.isEmpty ? "" : " (\(reason))"))
        }
        // Some programs print an empty one where credentials do not end.
        let end = expiration.flatMap { $0.isEmpty ? nil : $0 }.map { Timestamp(iso8601: $0) }
        if let end, end == nil {
            throw .noCredentials("\(source) gave an Expiration that is no date of ISO 8601")
        }
        return Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken ?? token, expiration: end ?? nil, source: source)
    }
}
