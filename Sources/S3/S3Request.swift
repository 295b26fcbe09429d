/// A request to a bucket, before it is signed.
struct S3Request: Sendable {
    var method: String
    /// Nil for the bucket itself.
    var key: String?
    var query: [SigningRequest.QueryItem] = []
    var headers: [SigningRequest.Header] = []
    var body: [UInt8] = []
    /// The largest body of an answer.
    var answerByteCountMax = 16 << 20
    /// Beside success, the statuses that are answers and no failures.
    var answers: Set<Int> = []
    /// Whether the answer's bytes are held against the checksum that came with them.
    var isChecked = false
    /// The root element of a success, where that is a document: another one was cut or garbled.
    var answerElement: String?

    /// What a person calls it.
    func name(in bucket: String) -> String { "s3://\(bucket)/\(key ?? "")" }
}

/// An answer, and whether an earlier attempt may have done the work already.
struct S3Answer: Sendable {
    var http: HTTPAnswer
    /// Whether an earlier attempt of the same request got no clear answer.
    var followsUncertainAttempt: Bool
}

/// What the service says of an error.
struct S3Complaint: Sendable {
    var code: String
    var message = ""
    var region: String?

    init(_ answer: HTTPAnswer, to method: String) {
        code = ""
        // What was asked for is not searched for complaints.
        if answer.isSuccess, method == "GET" { return }
        if let document = XMLElement(answer.body), let error = document.first("Error") {
            code = error.text(of: "Code") ?? ""
            message = error.text(of: "Message") ?? ""
            region = error.text(of: "Region")
        } else {
            // An answer to HEAD has no body.
            code =
                switch answer.status {
                case 403: "AccessDenied"
                case 404: "NotFound"
                case 412: "PreconditionFailed"
                default: ""
                }
        }
        region = answer.header("x-amz-bucket-region") ?? region
    }

    var text: String { message.isEmpty ? code : "\(code): \(message.prefix(200))" }
}
