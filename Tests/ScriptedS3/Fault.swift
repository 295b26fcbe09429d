internal import S3

/// What a scripted server does in place of an answer.
package struct Fault: Sendable {
    /// Whether the request takes effect all the same.
    package enum Work: Sendable {
        case done
        case notDone
    }

    /// How the client is told.
    package enum Answer: Sendable {
        /// An error in S3's form.
        case error(status: Int, code: String, headers: [(name: String, value: String)])
        /// The connection is closed before an answer.
        case reset
        /// The connection is closed in the middle of the answer's body.
        case resetInBody
        /// The body ends early, and the headers say that this is its length.
        case truncated
        /// Nothing comes, and the connection stays.
        case silence
        /// The whole answer comes twice.
        case twice
        /// Success, with an error in the body, as S3 does where it answers before it has finished.
        case errorInSuccess(code: String)
    }

    package var work: Work
    package var answer: Answer

    /// Makes a fault.
    package init(_ answer: Answer, work: Work = .notDone) {
        self.work = work
        self.answer = answer
    }

    /// An error in S3's form.
    package static func error(
        _ status: Int, _ code: String, headers: [(name: String, value: String)] = [],
        work: Work = .notDone
    ) -> Fault {
        Fault(.error(status: status, code: code, headers: headers), work: work)
    }
}

/// A request as a scripted server saw it.
package struct SeenRequest: Sendable {
    /// `GET`, `PUT` and so on.
    package var method: String
    /// Decoded, with the bucket.
    package var path: String
    /// Decoded.
    package var query: [String: String]
    /// By lower-case names.
    package var headers: [String: String]
    package var body: [UInt8]
}
