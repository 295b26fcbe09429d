/// AWS's service that gives credentials of a role (STS).
struct SecurityTokenService: Sendable {
    private static let version = "2011-06-15"
    private static let timeout = Duration.seconds(10)

    let sources: CredentialSources

    /// Takes up a role with other credentials.
    func assumeRole(
        _ role: Role, with credentials: Credentials
    ) async throws(S3Error) -> Credentials {
        var form = [("Action", "AssumeRole")] + role.form
        if let externalID = role.externalID { form.append(("ExternalId", externalID)) }
        let endpoint = try endpoint()
        let body = body(form)
        let request = SigningRequest(
            method: "POST", path: endpoint.basePath + "/",
            headers: [
                .init(name: "Host", value: endpoint.authority),
                .init(
                    name: "Content-Type",
                    value: "application/x-www-form-urlencoded; charset=utf-8"),
            ],
            payloadHash: sha256Text(of: body))
        let signed = Signer(region: endpoint.signingRegion, service: "sts")
            .sign(request, with: credentials, at: sources.timing.now()).request
        return try await ask(
            HTTPQuestion(
                method: "POST", url: endpoint.text + "/",
                headers: signed.headers.filter { $0.name != "Host" }.map { ($0.name, $0.value) },
                body: body),
            role)
    }

    /// Takes up a role with another provider's token; that needs no signature.
    func assumeRole(_ role: Role, webIdentityToken: String) async throws(S3Error) -> Credentials {
        let form =
            [("Action", "AssumeRoleWithWebIdentity")] + role.form
            + [("WebIdentityToken", webIdentityToken)]
        return try await ask(
            HTTPQuestion(
                method: "POST", url: try endpoint().text + "/",
                headers: [
                    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
                ],
                body: body(form)),
            role)
    }

    private func ask(_ question: HTTPQuestion, _ role: Role) async throws(S3Error) -> Credentials {
        let answer = try await sources.ask(question, of: "STS", timeout: Self.timeout)
        let source = "the role \(role.name)"
        guard let document = XMLElement(answer.body) else {
            throw .noCredentials("STS answered \(answer.status) without XML for \(source)")
        }
        guard answer.isSuccess, let found = document.first("Credentials"),
            let keyID = found.text(of: "AccessKeyId"),
            let secret = found.text(of: "SecretAccessKey")
        else {
            let error = document.first("Error")
            let reason = [error?.text(of: "Code"), error?.text(of: "Message")]
                .compactMap(\.self).joined(separator: ": ")
            throw .noCredentials("STS refused \(source) (\(answer.status) \(reason))")
        }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret,
            sessionToken: found.text(of: "SessionToken"),
            expiration: found.text(of: "Expiration").flatMap { Timestamp(iso8601: $0) },
            source: source)
    }

    private func body(_ form: [(String, String)]) -> [UInt8] {
        let fields = form + [("Version", Self.version)]
        return Array(
            fields.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&").utf8)
    }

    private func endpoint() throws(S3Error) -> Endpoint {
        let configuration = sources.configuration
        let region = configuration.region ?? "us-east-1"
        if let text = configuration.endpoint(of: "sts", given: nil) {
            guard var endpoint = Endpoint(text) else {
                throw .invalidConfiguration("\"\(text)\" is no endpoint of STS")
            }
            endpoint.signingRegion = region
            return endpoint
        }
        let isGlobal = configuration["AWS_STS_REGIONAL_ENDPOINTS"] == "legacy"
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return Endpoint(
            scheme: .https, host: isGlobal ? "sts.amazonaws.com" : "sts.\(region).\(suffix)",
            signingRegion: isGlobal ? "us-east-1" : region)
    }
}

/// A role to take up.
struct Role: Hashable, Sendable {
    /// Its ARN.
    var name: String
    var sessionName: String
    var externalID: String?
    var durationSeconds: Int?

    fileprivate var form: [(String, String)] {
        [("RoleArn", name), ("RoleSessionName", sessionName)]
            + (durationSeconds.map { [("DurationSeconds", "\($0)")] } ?? [])
    }
}
