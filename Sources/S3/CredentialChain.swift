/// Finds credentials as the AWS tools do, keeps them, and renews them before they end.
actor CredentialChain {
    /// So long before their end they are renewed, and the old are used if that fails.
    static let advisoryRefresh = Duration.seconds(15 * 60)
    /// So long before their end nobody uses the old without having tried to renew them.
    static let mandatoryRefresh = Duration.seconds(10 * 60)

    private enum Renewal {
        case none
        /// One caller renews; these wait for it.
        case running(waiting: [CheckedContinuation<Void, Never>])
    }

    private let providers: [any CredentialProvider]
    private let placesText: String
    private let timing: Timing
    private var current: Credentials?
    private var renewal = Renewal.none

    /// Makes a chain of the places that are looked at in this order.
    init(providers: [any CredentialProvider], placesText: String, timing: Timing) {
        self.providers = providers
        self.placesText = placesText
        self.timing = timing
    }

    /// Credentials that are good for a while.
    func credentials() async throws(S3Error) -> Credentials {
        while true {
            if let current, remaining(current) > Self.advisoryRefresh { return current }
            if case .running(var waiting) = renewal {
                // Somebody is at it; what is there is good enough for everybody else.
                if let current, remaining(current) > Self.mandatoryRefresh { return current }
                await withCheckedContinuation { continuation in
                    waiting.append(continuation)
                    renewal = .running(waiting: waiting)
                }
                if let current, remaining(current) > .zero { return current }
                continue
            }
            return try await renew()
        }
    }

    /// Forgets credentials that the service has refused as expired.
    func invalidate(_ refused: Credentials) {
        if current == refused { current = nil }
    }

    private func renew() async throws(S3Error) -> Credentials {
        renewal = .running(waiting: [])
        defer {
            if case .running(let waiting) = renewal {
                renewal = .none
                for one in waiting { one.resume() }
            }
        }
        do throws(S3Error) {
            for provider in providers {
                guard let found = try await provider.fetch() else { continue }
                guard remaining(found) > .zero else {
                    throw .noCredentials("\(found) have expired")
                }
                current = found
                return found
            }
            throw .noCredentials("none in \(placesText)")
        } catch {
            if let current, remaining(current) > .zero { return current }
            throw error
        }
    }

    private func remaining(_ credentials: Credentials) -> Duration {
        credentials.expiration?.duration(since: timing.now()) ?? .seconds(Int64.max / 4)
    }
}

extension CredentialChain {
    /// The places of a configuration, in the order of the AWS tools.
    init(_ sources: CredentialSources) throws(S3Error) {
        let configuration = sources.configuration
        let name = configuration.profileName
        var providers: [any CredentialProvider] = []
        if !configuration.isProfileGiven {
            providers.append(EnvironmentCredentials(configuration: configuration))
        }
        providers += [
            AssumedRoleCredentials(sources: sources, profileName: name),
            WebIdentityCredentials(sources: sources, profileName: nil),
            WebIdentityCredentials(sources: sources, profileName: name),
            StaticProfileCredentials(file: configuration.credentialsFile, profileName: name),
            ProcessCredentials(sources: sources, profileName: name),
            StaticProfileCredentials(file: configuration.configFile, profileName: name),
            UnsupportedSignIn(configuration: configuration),
            ContainerCredentials(sources: sources),
            InstanceMetadata(sources: sources),
        ]
        self.init(
            providers: providers,
            placesText: "the environment (AWS_ACCESS_KEY_ID …), the profile \(name), a web "
                + "identity token file, a container's endpoint, or the EC2 metadata service",
            timing: sources.timing)
    }
}

/// Says of a profile that signs in through a browser what to do instead.
private struct UnsupportedSignIn: CredentialProvider {
    let configuration: AWSConfiguration

    func fetch() async throws(S3Error) -> Credentials? {
        let name = configuration.profileName
        let values = configuration.profile.values
        let keys = ["sso_session", "sso_start_url", "login_session"]
        guard let key = keys.first(where: { values[$0] != nil }) else { return nil }
        throw .noCredentials(
            "the profile \(name) signs in with \(key), which is not supported. Put \""
                + "credential_process = aws configure export-credentials --profile \(name) "
                + "--format process\" into another profile and use that")
    }
}
