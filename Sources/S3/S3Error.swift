/// Why an S3 store could not do what it was asked; each case is a condition a caller can act on.
///
/// No case holds a secret: of credentials only the place they came from is named.
package enum S3Error: Error, Hashable, Sendable {
    /// What was configured makes no sense, or is not supported; nothing was sent.
    case invalidConfiguration(String)
    /// No credentials were found, or they could not be had; the places that were looked at.
    case noCredentials(String)
    /// There is no object at this key, or no such bucket.
    case notFound(String)
    /// The service refused; missing permissions, wrong credentials, or a missing object that may
    /// not be seen.
    case accessDenied(String)
    /// The bucket is in another region.
    case wrongRegion(bucket: String, configured: String, actual: String?)
    /// An object is larger than what was asked for.
    case tooLarge(byteCount: Int, limit: Int)
    /// The service answered something that cannot be worked with.
    case refused(status: Int, code: String, message: String)
    /// The service did not answer, or only with errors that pass; whether the request took place
    /// is unknown.
    case unavailable(String)
}

extension S3Error: CustomStringConvertible {
    /// What went wrong and what to do about it, for a person.
    package var description: String {
        switch self {
        case .invalidConfiguration(let text): text
        case .noCredentials(let text): "no AWS credentials: \(text)"
        case .notFound(let text): text
        case .accessDenied(let text):
            "access was denied (\(text)). Check the credentials and the policy; without "
                + "s3:ListBucket S3 answers so for objects that are not there"
        case .wrongRegion(let bucket, let configured, let actual):
            "the bucket \(bucket) is not in \(configured)"
                + (actual.map { " but in \($0): give --s3-region \($0)" }
                    ?? ": give --s3-region with the bucket's own region")
        case .tooLarge(let byteCount, let limit):
            "the object has \(byteCount) bytes; the limit is \(limit)"
        case .refused(let status, let code, let message):
            "the service answered \(status) \(code)" + (message.isEmpty ? "" : ": \(message)")
        case .unavailable(let text): text
        }
    }
}
