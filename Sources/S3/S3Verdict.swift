/// What is to be done about an answer.
enum S3Verdict: Hashable, Sendable {
    /// It is what was asked for.
    case answer
    /// The same request may be answered otherwise later.
    case again(RetryPolicy.Cause, mayHaveWorked: Bool)
    /// The service's clock and ours differ by too much.
    case wrongClock
    case expiredCredentials
    /// It stays so.
    case final
}

extension S3Client {
    private static let throttlingCodes: Set<String> = [
        "SlowDown", "Throttling", "ThrottlingException", "ThrottledException",
        "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "EC2ThrottledException",
        "TransactionInProgressException", "ProvisionedThroughputExceededException",
    ]
    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "ServiceUnavailable",
        "PriorRequestNotComplete",
    ]
    private static let conflictCodes: Set<String> = [
        "ConditionalRequestConflict", "OperationAborted",
    ]
    private static let clockCodes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
    ]
    private static let expiryCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException"]

    /// Judges an answer.
    func verdict(
        on answer: HTTPAnswer, _ complaint: S3Complaint, to request: S3Request
    ) -> S3Verdict {
        if answer.isSuccess {
            // Some operations answer 200 before they know whether they will succeed.
            if !complaint.code.isEmpty { return .again(.transient, mayHaveWorked: true) }
            let isChecked = !request.isChecked || answer.hasRightChecksum
            let isDocument =
                request.answerElement.map { $0 == XMLElement(answer.body)?.name } ?? true
            return isChecked && isDocument && answer.hasRightLength
                ? .answer : .again(.transient, mayHaveWorked: false)
        }
        let code = complaint.code
        if Self.throttlingCodes.contains(code) || answer.status == 429 {
            return .again(.throttled, mayHaveWorked: false)
        }
        if Self.transientCodes.contains(code) || (500...504).contains(answer.status) {
            return answer.status == 501 ? .final : .again(.transient, mayHaveWorked: true)
        }
        // Two conditional writes at once: S3 wants one of them sent again, and says nothing of who
        // has won.
        if answer.status == 409, Self.conflictCodes.contains(code) || code.isEmpty {
            return .again(.transient, mayHaveWorked: false)
        }
        if Self.clockCodes.contains(code) { return .wrongClock }
        // An answer to HEAD has no body to say so.
        if request.method == "HEAD", answer.status == 403, let date = answer.date {
            let apart = date.duration(since: offset.corrected(timing.now()))
            if apart > .seconds(240) || apart < .seconds(-240) { return .wrongClock }
        }
        if Self.expiryCodes.contains(code) { return .expiredCredentials }
        return request.answers.contains(answer.status) && code != "NoSuchBucket"
            ? .answer : .final
    }

    /// What a final answer means.
    func error(
        _ answer: HTTPAnswer, _ complaint: S3Complaint, _ request: S3Request,
        _ credentials: Credentials
    ) -> S3Error {
        let region = endpoint.signingRegion
        let isRedirect = [301, 307, 308].contains(answer.status)
        if isRedirect || complaint.code == "AuthorizationHeaderMalformed",
            complaint.region != region
        {
            return .wrongRegion(
                bucket: settings.bucket, configured: region, actual: complaint.region)
        }
        switch answer.status {
        case 404 where complaint.code == "NoSuchBucket":
            return .notFound("there is no bucket \(settings.bucket) at \(endpoint.text)")
        case 404: return .notFound("there is no \(request.name(in: settings.bucket))")
        case 401, 403:
            return .accessDenied(
                "\(request.method) \(request.name(in: settings.bucket)) with \(credentials): "
                    + complaint.text)
        default:
            return .refused(
                status: answer.status, code: complaint.code,
                message: String(complaint.message.prefix(200)))
        }
    }
}

/// What the AWS tools' settings say of a client.
extension AWSConfiguration {
    /// The question where the bucket is.
    func rules(
        _ settings: S3Settings, endpoint: String?, region: String
    ) throws(S3Error) -> EndpointRules {
        var rules = EndpointRules(endpoint: endpoint, region: region, bucket: settings.bucket)
        let section = profile.nested["s3"] ?? [:]
        let addressing =
            settings.addressing
            ?? section["addressing_style"].flatMap { S3Settings.Addressing(rawValue: $0) }
            ?? .automatic
        switch addressing {
        case .path: rules.isPathStyle = true
        case .virtual: break
        case .automatic: rules.isPathStyle = endpoint.map { !EndpointRules.isAWS($0) } ?? false
        }
        rules.isDualStack = isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        rules.isFIPS = isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
        rules.isAccelerated = section["use_accelerate_endpoint"] == "true"
        let legacy = setting(
            "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint")
        rules.isGlobal = legacy == "legacy"
        return rules
    }

    /// Whether checksums are sent.
    func checksums(_ settings: S3Settings) throws(S3Error) -> S3Settings.Checksums {
        if let given = settings.checksums { return given }
        guard
            let text = setting(
                "AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation")
        else { return .whenSupported }
        guard let found = S3Settings.Checksums(rawValue: text.lowercased()) else {
            throw .invalidConfiguration(
                "AWS_REQUEST_CHECKSUM_CALCULATION is \"\(text)\"; it must be when_supported or "
                    + "when_required")
        }
        return found
    }

    /// How often a request is sent.
    func retries() throws(S3Error) -> RetryPolicy {
        guard let text = setting("AWS_MAX_ATTEMPTS", "max_attempts") else { return RetryPolicy() }
        guard let count = Int(text), (1...100).contains(count) else {
            throw .invalidConfiguration("AWS_MAX_ATTEMPTS is \"\(text)\"; it must be 1 to 100")
        }
        return RetryPolicy(attemptCountMax: count)
    }
}
