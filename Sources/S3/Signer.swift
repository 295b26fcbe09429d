internal import Crypto

/// Makes AWS's signatures of version 4, for a region and a service.
struct Signer: Sendable {
    /// Where the session token goes.
    enum TokenPlace: Sendable {
        case signed
        /// Added when the signature is made; some services want it so.
        case besideSignature
    }

    static let algorithm = "AWS4-HMAC-SHA256"

    var region: String
    var service: String
    var pathForm = SigningRequest.PathForm.asItIs
    var tokenPlace = TokenPlace.signed

    /// Every step to a signature, for tests to hold against what AWS published.
    struct Result: Sendable {
        var request: SigningRequest
        var canonicalText: String
        var textToSign: String
        var signature: String
    }

    /// Signs in headers: adds the date, the token and the authorization.
    func sign(
        _ request: SigningRequest, with credentials: Credentials, at moment: Timestamp
    ) -> Result {
        var request = request
        request.headers.append(.init(name: "X-Amz-Date", value: moment.basicText))
        let token = credentials.sessionToken.map {
            SigningRequest.Header(name: "X-Amz-Security-Token", value: $0)
        }
        if tokenPlace == .signed, let token { request.headers.append(token) }
        var result = signature(of: request, with: credentials, at: moment)
        let authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(at: moment)), "
            + "SignedHeaders=\(request.signedHeaderNames), Signature=\(result.signature)"
        if tokenPlace == .besideSignature, let token { request.headers.append(token) }
        request.headers.append(.init(name: "Authorization", value: authorization))
        result.request = request
        return result
    }

    /// Signs in the query, for a link that holds for some seconds.
    func presign(
        _ request: SigningRequest, with credentials: Credentials, at moment: Timestamp,
        validSeconds: Int
    ) -> Result {
        var request = request
        let token = credentials.sessionToken.map {
            SigningRequest.QueryItem(name: "X-Amz-Security-Token", value: $0)
        }
        request.query += [
            .init(name: "X-Amz-Algorithm", value: Self.algorithm),
            .init(
                name: "X-Amz-Credential",
                value: "\(credentials.accessKeyID)/\(scope(at: moment))"),
            .init(name: "X-Amz-Date", value: moment.basicText),
            .init(name: "X-Amz-Expires", value: String(validSeconds)),
            .init(name: "X-Amz-SignedHeaders", value: request.signedHeaderNames),
        ]
        if tokenPlace == .signed, let token { request.query.append(token) }
        var result = signature(of: request, with: credentials, at: moment)
        if tokenPlace == .besideSignature, let token { request.query.append(token) }
        request.query.append(.init(name: "X-Amz-Signature", value: result.signature))
        result.request = request
        return result
    }

    private func signature(
        of request: SigningRequest, with credentials: Credentials, at moment: Timestamp
    ) -> Result {
        let canonicalText = request.canonicalText(pathForm)
        let textToSign = [
            Self.algorithm, moment.basicText, scope(at: moment),
            hexText(of: SHA256.hash(data: Array(canonicalText.utf8))),
        ].joined(separator: "\n")
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [String(moment.basicText.prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(
                data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let code = HMAC<SHA256>.authenticationCode(for: Array(textToSign.utf8), using: key)
        return Result(
            request: request, canonicalText: canonicalText, textToSign: textToSign,
            signature: hexText(of: code))
    }

    private func scope(at moment: Timestamp) -> String {
        "\(moment.basicText.prefix(8))/\(region)/\(service)/aws4_request"
    }
}

/// Bytes as lower-case hex digits.
func hexText(of bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
