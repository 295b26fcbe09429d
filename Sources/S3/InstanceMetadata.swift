/// What EC2 tells its instances (IMDSv2): credentials, and the region.
struct InstanceMetadata: CredentialProvider {
    private static let tokenSeconds = 21_600
    private static let rolePath = "/latest/meta-data/iam/security-credentials/"

    let sources: CredentialSources

    func fetch() async throws(S3Error) -> Credentials? {
        guard let token = try await token() else { return nil }
        let roles = try await get(Self.rolePath, token)
        guard roles.isSuccess,
            let role = String(decoding: roles.body, as: UTF8.self)
                .split(whereSeparator: \.isNewline).first
        else {
            throw .noCredentials("this EC2 instance has no role (status \(roles.status))")
        }
        let source = "the EC2 instance's role \(role)"
        let answer = try await get(Self.rolePath + role, token)
        guard answer.isSuccess else {
            throw .noCredentials("\(source) answered \(answer.status)")
        }
        return try CredentialDocument(answer.body, from: source).credentials(from: source)
    }

    /// The region that this instance is in; nil if this is none.
    func region() async throws(S3Error) -> String? {
        guard let token = try await token() else { return nil }
        let answer = try await get("/latest/meta-data/placement/region", token)
        let region = String(decoding: answer.body, as: UTF8.self)
        return answer.isSuccess && !region.isEmpty ? region : nil
    }

    /// Asks for the token without which nothing is told; nil if that is switched off or nobody
    /// answers, as everywhere but on EC2.
    private func token() async throws(S3Error) -> String? {
        let configuration = sources.configuration
        if configuration["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
        let question = HTTPQuestion(
            method: "PUT", url: endpoint + "/latest/api/token",
            headers: [("X-aws-ec2-metadata-token-ttl-seconds", "\(Self.tokenSeconds)")])
        guard let answer = try? await ask(question) else { return nil }
        guard answer.isSuccess else {
            throw .noCredentials(
                "the EC2 metadata service gave no token (status \(answer.status)). In a "
                    + "container, the instance's hop limit must be 2")
        }
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func get(_ path: String, _ token: String) async throws(S3Error) -> HTTPAnswer {
        try await ask(
            HTTPQuestion(
                method: "GET", url: endpoint + path,
                headers: [("X-aws-ec2-metadata-token", token)]))
    }

    private func ask(_ question: HTTPQuestion) async throws(S3Error) -> HTTPAnswer {
        let configuration = sources.configuration
        let seconds = configuration["AWS_METADATA_SERVICE_TIMEOUT"].flatMap { Int($0) } ?? 1
        let attempts = configuration["AWS_METADATA_SERVICE_NUM_ATTEMPTS"].flatMap { Int($0) } ?? 1
        return try await sources.ask(
            question, of: "the EC2 metadata service", timeout: .seconds(min(max(1, seconds), 60)),
            attemptCountMax: min(max(1, attempts), 10))
    }

    private var endpoint: String {
        let configuration = sources.configuration
        if let given = configuration.setting(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
        {
            return given.hasSuffix("/") ? String(given.dropLast()) : given
        }
        let mode = configuration.setting(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
        return mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }
}
