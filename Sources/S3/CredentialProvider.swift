/// One place that credentials may come from.
protocol CredentialProvider: Sendable {
    /// Fetches them; nil if this place is not configured.
    func fetch() async throws(S3Error) -> Credentials?
}

/// What providers share: where they read, whom they ask, and the clock.
struct CredentialSources: Sendable {
    let configuration: AWSConfiguration
    let exchange: any HTTPExchange
    let timing: Timing
    let runCommand: CommandRunner

    /// Asks a service on the way to credentials, once or a few times; the status is the caller's.
    func ask(
        _ question: HTTPQuestion, of who: String, timeout: Duration, attemptCountMax: Int = 3
    ) async throws(S3Error) -> HTTPAnswer {
        var reason = ""
        for attempt in 1...attemptCountMax {
            if attempt > 1 {
                let wait = RetryPolicy.wait(before: attempt, random: timing.random())
                guard (try? await timing.sleep(wait)) != nil else { break }
            }
            do throws(HTTPFailure) {
                let answer = try await exchange.send(
                    question, bodyByteCountMax: 1 << 20, Patience(silenceMax: timeout), timing)
                guard answer.status >= 500 || answer.status == 429 else { return answer }
                reason = "status \(answer.status)"
            } catch {
                reason = "\(error)"
            }
        }
        throw .noCredentials("\(who) did not answer: \(reason)")
    }
}

/// `AWS_ACCESS_KEY_ID` and its companions.
struct EnvironmentCredentials: CredentialProvider {
    let configuration: AWSConfiguration

    func fetch() async throws(S3Error) -> Credentials? {
        let keyID = configuration["AWS_ACCESS_KEY_ID"]
        let secret = configuration["AWS_SECRET_ACCESS_KEY"]
        guard keyID != nil || secret != nil else { return nil }
        guard let keyID, let secret else {
            let missing = keyID == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
            throw .noCredentials("of the two variables in the environment, \(missing) is not set")
        }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret,
            sessionToken: configuration["AWS_SECURITY_TOKEN"]
                ?? configuration["AWS_SESSION_TOKEN"],
            expiration: configuration["AWS_CREDENTIAL_EXPIRATION"]
                .flatMap { Timestamp(iso8601: $0) },
            source: "the environment")
    }
}

/// Keys that are written in a profile, all of them in one file.
struct StaticProfileCredentials: CredentialProvider {
    let file: ProfileFile
    let profileName: String

    func fetch() async throws(S3Error) -> Credentials? {
        let values = (file.profiles[profileName]?.values ?? [:]).filter { !$1.isEmpty }
        let keyID = values["aws_access_key_id"]
        let secret = values["aws_secret_access_key"]
        guard keyID != nil || secret != nil else { return nil }
        guard let keyID, let secret else {
            let missing = keyID == nil ? "aws_access_key_id" : "aws_secret_access_key"
            throw .noCredentials("the profile \(profileName) has no \(missing)")
        }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret,
            sessionToken: values["aws_security_token"] ?? values["aws_session_token"],
            expiration: nil, source: "the profile \(profileName)")
    }
}
