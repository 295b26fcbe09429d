/// A role that is taken up with the token of an identity provider, as pods on EKS do.
struct WebIdentityCredentials: CredentialProvider {
    let sources: CredentialSources
    /// Nil for the variables of the environment.
    let profileName: String?

    func fetch() async throws(S3Error) -> Credentials? {
        let configuration = sources.configuration
        let values = profileName.map { configuration.files.profiles[$0]?.values ?? [:] }
        let path =
            values?["web_identity_token_file"]
            ?? (values == nil
                ? configuration["AWS_WEB_IDENTITY_TOKEN_FILE"] : nil)
        let role =
            values?["role_arn"] ?? (values == nil ? configuration["AWS_ROLE_ARN"] : nil)
        guard let path else { return nil }
        guard let role else {
            throw .noCredentials("there is a web identity token file and no role (AWS_ROLE_ARN)")
        }
        // Read anew each time: the token is renewed under us.
        guard let bytes = configuration.readFile(path) else {
            throw .noCredentials("the web identity token file \(path) cannot be read")
        }
        let token =
            String(decoding: bytes, as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        let sessionName =
            values?["role_session_name"] ?? configuration["AWS_ROLE_SESSION_NAME"] ?? "mcp-v8"
        return try await SecurityTokenService(sources: sources).assumeRole(
            Role(name: role, sessionName: sessionName), webIdentityToken: token)
    }
}

/// A profile with `role_arn`: a role that is taken up with the credentials of another profile, or
/// of the place that `credential_source` names.
struct AssumedRoleCredentials: CredentialProvider {
    /// How long a chain of profiles may be.
    private static let depthMax = 8

    let sources: CredentialSources
    let profileName: String
    var depth = 0

    func fetch() async throws(S3Error) -> Credentials? {
        let values = sources.configuration.files.profiles[profileName]?.values ?? [:]
        guard let role = values["role_arn"], values["web_identity_token_file"] == nil
        else { return nil }
        if values["mfa_serial"] != nil {
            throw .noCredentials(
                "the profile \(profileName) wants a code of a device (mfa_serial), and there is "
                    + "nobody to ask: use credential_process")
        }
        let own: Credentials
        switch (values["source_profile"], values["credential_source"]) {
        case (let name?, nil): own = try await credentials(of: name)
        case (nil, let place?): own = try await credentials(from: place)
        default:
            throw .noCredentials(
                "the profile \(profileName) has role_arn and must have one of source_profile and "
                    + "credential_source")
        }
        let request = Role(
            name: role, sessionName: values["role_session_name"] ?? "mcp-v8",
            externalID: values["external_id"],
            durationSeconds: values["duration_seconds"].flatMap { Int($0) })
        return try await SecurityTokenService(sources: sources).assumeRole(request, with: own)
    }

    private func credentials(of source: String) async throws(S3Error) -> Credentials {
        guard depth < Self.depthMax else {
            throw .noCredentials("profiles refer to each other by source_profile without an end")
        }
        guard sources.configuration.files.profiles[source] != nil else {
            throw .noCredentials(
                "the profile \(profileName) has source_profile \(source), which is not there")
        }
        // A profile may name itself: its own keys are meant then.
        let next: [any CredentialProvider] =
            (source == profileName
                ? []
                : [
                    AssumedRoleCredentials(
                        sources: sources, profileName: source, depth: depth + 1)
                ])
            + [
                WebIdentityCredentials(sources: sources, profileName: source),
                StaticProfileCredentials(
                    file: sources.configuration.credentialsFile, profileName: source),
                ProcessCredentials(sources: sources, profileName: source),
                StaticProfileCredentials(
                    file: sources.configuration.configFile, profileName: source),
            ]
        for provider in next {
            if let found = try await provider.fetch() { return found }
        }
        throw .noCredentials("the profile \(source) has none")
    }

    private func credentials(from place: String) async throws(S3Error) -> Credentials {
        let provider: any CredentialProvider
        switch place {
        case "Environment":
            provider = EnvironmentCredentials(configuration: sources.configuration)
        case "EcsContainer": provider = ContainerCredentials(sources: sources)
        case "Ec2InstanceMetadata": provider = InstanceMetadata(sources: sources)
        default:
            throw .noCredentials(
                "credential_source \(place) is none of Environment, EcsContainer and "
                    + "Ec2InstanceMetadata")
        }
        guard let found = try await provider.fetch() else {
            throw .noCredentials("credential_source \(place) has none")
        }
        return found
    }
}
