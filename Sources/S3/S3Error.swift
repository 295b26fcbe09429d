/// Why an S3 store could not do what it was asked.
package enum S3Error: Error, Sendable {
    /// The request makes no sense to us, and was not sent.
    case invalidRequest(String)
}
