/// The credentials endpoint of a container: ECS tasks, EKS pod identities, and what imitates them.
struct ContainerCredentials: CredentialProvider {
    private static let relativeHost = "169.254.170.2"
    /// Where plain HTTP may carry a token, beside this machine.
    private static let plainHosts = [relativeHost, "169.254.170.23", "[fd00:ec2::23]"]
    private static let timeout = Duration.seconds(2)

    let sources: CredentialSources

    func fetch() async throws(S3Error) -> Credentials? {
        let configuration = sources.configuration
        let url: String
        if let relative = configuration["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = "http://\(Self.relativeHost)\(relative)"
        } else if let full = configuration["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            guard let endpoint = Endpoint(full.split(separator: "?").first.map(String.init) ?? "")
            else {
                throw .noCredentials("AWS_CONTAINER_CREDENTIALS_FULL_URI is no address")
            }
            let isSafe =
                endpoint.scheme == .https || endpoint.isLoopback
                || Self.plainHosts.contains(endpoint.host)
            guard isSafe else {
                throw .noCredentials(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(endpoint.host) over plain HTTP; "
                        + "that is allowed for this machine and the addresses of ECS and EKS only")
            }
            url = full
        } else {
            return nil
        }
        var question = HTTPQuestion(method: "GET", url: url)
        if let token = try token() { question.headers.append(("Authorization", token)) }
        let source = "the container's endpoint"
        let answer = try await sources.ask(question, of: source, timeout: Self.timeout)
        guard answer.isSuccess else {
            throw .noCredentials("\(source) answered \(answer.status)")
        }
        return try CredentialDocument(answer.body, from: source).credentials(from: source)
    }

    /// Read anew each time: the file changes under us.
    private func token() throws(S3Error) -> String? {
        let configuration = sources.configuration
        guard let path = configuration["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] else {
            return configuration["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        }
        guard let bytes = configuration.readFile(path) else {
            throw .noCredentials(
                "\(path), of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, cannot be read")
        }
        let token = String(decoding: bytes, as: UTF8.self)
        return token.split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
