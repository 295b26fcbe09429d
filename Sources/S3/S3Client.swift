package import Logging

/// A bucket of S3, or of a service that is like it.
package struct S3Client: Sendable {
    /// What it was told.
    package let settings: S3Settings
    /// The bucket's address.
    package let endpoint: Endpoint
    let checksums: S3Settings.Checksums
    /// The clock.
    package let timing: Timing

    private let chain: CredentialChain
    private let exchange: any HTTPExchange
    private let retries: RetryPolicy
    private let budget = RetryBudget()
    let offset = ClockOffset()
    let logger: Logger
    private let userAgent: String

    /// Finds out where the bucket is, and how to sign.
    ///
    /// - Parameters:
    ///   - settings: what was given for this program.
    ///   - variables: the environment; the AWS tools' variables and files count.
    /// - Throws: ``S3Error/invalidConfiguration(_:)`` with what is missing.
    package init(
        _ settings: S3Settings, variables: [String: String], timing: Timing = .system,
        exchange: (any HTTPExchange)? = nil, logger: Logger
    ) async throws(S3Error) {
        let configuration = try AWSConfiguration(
            variables: variables, profile: settings.profile, readFile: FileContents.read)
        let exchange =
            exchange
            ?? HTTPConnections(
                authoritiesPath: configuration.setting("AWS_CA_BUNDLE", "ca_bundle"))
        let sources = CredentialSources(
            configuration: configuration, exchange: exchange, timing: timing,
            runCommand: SystemCommand.run)
        try await self.init(
            settings, configuration, chain: try CredentialChain(sources),
            metadata: InstanceMetadata(sources: sources), exchange: exchange, timing: timing,
            logger: logger)
    }

    init(
        _ settings: S3Settings, _ configuration: AWSConfiguration, chain: CredentialChain,
        metadata: InstanceMetadata?, exchange: any HTTPExchange, timing: Timing, logger: Logger
    ) async throws(S3Error) {
        let own = configuration.endpoint(of: "s3", given: settings.endpoint)
        var region = settings.region ?? configuration.region
        // A service of one's own has no regions, and most want to hear this one.
        if region == nil, own != nil { region = "us-east-1" }
        if region == nil { region = try await metadata?.region() }
        guard let region else {
            throw .invalidConfiguration(
                "the bucket's region is not known: give --s3-region, AWS_REGION, or region in "
                    + "the profile \(configuration.profileName)")
        }
        endpoint = try configuration.rules(settings, endpoint: own, region: region).resolve()
        checksums = try configuration.checksums(settings)
        retries = try configuration.retries()
        userAgent =
            "mcp-v8"
            + (configuration.setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id")
                .map { " app/\($0)" } ?? "")
        self.settings = settings
        self.chain = chain
        self.exchange = exchange
        self.timing = timing
        self.logger = logger
    }

    /// Sends a request until there is an answer, signed anew each time.
    ///
    /// - Throws: what the answer means, if it is neither a success nor one of the request's
    ///   answers.
    func perform(_ request: S3Request) async throws(S3Error) -> S3Answer {
        let payloadHash = sha256Text(of: request.body)
        var history = AttemptHistory()
        while true {
            switch try await attempt(request, payloadHash, &history) {
            case .answer(let answer):
                budget.give(history.paid)
                return S3Answer(http: answer, followsUncertainAttempt: history.isUncertain)
            case .signedAnew: continue
            case .failed(let cause, let asked, let reason):
                try await pause(after: cause, asked, reason, request, &history)
            }
        }
    }

    private func attempt(
        _ request: S3Request, _ payloadHash: String, _ history: inout AttemptHistory
    ) async throws(S3Error) -> AttemptOutcome {
        let credentials = try await chain.credentials()
        let answer: HTTPAnswer
        do throws(HTTPFailure) {
            answer = try await exchange.send(
                signed(request, payloadHash, credentials),
                bodyByteCountMax: request.answerByteCountMax,
                Patience(silenceMax: settings.silenceMax), timing)
        } catch {
            if case .tooLarge(let byteCount) = error {
                throw .tooLarge(byteCount: byteCount, limit: request.answerByteCountMax)
            }
            let cause = RetryPolicy.Cause(error)
            if cause != .unreachable { history.isUncertain = true }
            return .failed(cause, asked: nil, reason: "\(error)")
        }
        let complaint = S3Complaint(answer, to: request.method)
        switch verdict(on: answer, complaint, to: request) {
        case .answer: return .answer(answer)
        case .wrongClock where !history.hasCorrectedClock:
            history.hasCorrectedClock = true
            if let date = answer.date { offset.learn(service: date, machine: timing.now()) }
            return .signedAnew
        case .expiredCredentials where !history.hasRenewedCredentials:
            history.hasRenewedCredentials = true
            await chain.invalidate(credentials)
            return .signedAnew
        case .again(let cause, let mayHaveWorked):
            if mayHaveWorked { history.isUncertain = true }
            return .failed(
                cause, asked: RetryPolicy.askedWait(answer),
                reason: answer.isSuccess && complaint.code.isEmpty
                    ? "bytes that are not those of the checksum, length or kind"
                    : "status \(answer.status) \(complaint.text)")
        case .final, .wrongClock, .expiredCredentials:
            throw error(answer, complaint, request, credentials)
        }
    }

    private func pause(
        after cause: RetryPolicy.Cause, _ asked: Duration?, _ reason: String,
        _ request: S3Request, _ history: inout AttemptHistory
    ) async throws(S3Error) {
        let name = "\(request.method) \(request.name(in: settings.bucket))"
        guard history.count < retries.attemptCountMax, !Task.isCancelled,
            let cost = budget.take(cause)
        else {
            throw .unavailable(
                "\(name) failed \(history.count) times, the last time with \(reason)")
        }
        history.paid = cost
        history.count += 1
        logger.debug(
            "S3 request is tried again",
            metadata: [
                "s3.request": "\(name)", "s3.attempt": "\(history.count)", "reason": "\(reason)",
            ])
        let wait = RetryPolicy.wait(
            before: history.count, after: cause, random: timing.random())
        guard (try? await timing.sleep(max(wait, asked ?? .zero))) != nil else {
            throw .unavailable("\(name) was given up after \(reason)")
        }
    }

    private func signed(
        _ request: S3Request, _ payloadHash: String, _ credentials: Credentials
    ) -> HTTPQuestion {
        var headers = request.headers
        headers.append(.init(name: "Host", value: endpoint.authority))
        headers.append(.init(name: "x-amz-content-sha256", value: payloadHash))
        if settings.requesterPays {
            headers.append(.init(name: "x-amz-request-payer", value: "requester"))
        }
        if let owner = settings.expectedBucketOwner {
            headers.append(.init(name: "x-amz-expected-bucket-owner", value: owner))
        }
        let path = endpoint.basePath + "/" + (request.key ?? "")
        let unsigned = SigningRequest(
            method: request.method, path: path, query: request.query, headers: headers,
            payloadHash: payloadHash)
        let signed = Signer(region: endpoint.signingRegion, service: "s3").sign(
            unsigned, with: credentials, at: offset.corrected(timing.now())
        ).request
        let query = signed.canonicalQuery
        return HTTPQuestion(
            method: request.method,
            url: "\(endpoint.scheme.rawValue)://\(endpoint.authority)"
                + signed.canonicalPath(.asItIs) + (query.isEmpty ? "" : "?\(query)"),
            headers: signed.headers.filter { $0.name != "Host" }.map { ($0.name, $0.value) }
                + [("User-Agent", userAgent)],
            body: request.body)
    }
}

/// What has become of a request so far.
private struct AttemptHistory {
    /// With the one that runs.
    var count = 1
    /// Whether one of them may have done the work without our being told.
    var isUncertain = false
    var hasCorrectedClock = false
    var hasRenewedCredentials = false
    /// What the last retry cost.
    var paid: Int?
}

private enum AttemptOutcome {
    case answer(HTTPAnswer)
    /// The signature was at fault; the next will be another.
    case signedAnew
    case failed(RetryPolicy.Cause, asked: Duration?, reason: String)
}
