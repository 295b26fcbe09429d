package import NIOHTTP1

/// A request as it goes over the wire.
package struct HTTPQuestion: Sendable {
    /// `GET`, `PUT` and so on.
    package var method: String
    /// The whole address, encoded.
    package var url: String
    /// Without `Content-Length`.
    package var headers: [(name: String, value: String)]
    /// The bytes to send.
    package var body: [UInt8]

    /// Makes a request.
    package init(
        method: String, url: String, headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What came back.
package struct HTTPAnswer: Sendable {
    /// The status.
    package var status: Int
    /// The headers.
    package var headers: HTTPHeaders
    /// All bytes of the body.
    package var body: [UInt8]

    /// Makes an answer.
    package init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// When it was given, by the service's clock; nil if it does not say.
    package var date: Timestamp? {
        header("Date").flatMap { Timestamp(httpDate: $0) }
    }

    /// A header's first value; nil if there is none.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why there is no answer.
package enum HTTPFailure: Error, Hashable, Sendable {
    /// No connection could be made: nothing was sent.
    case noConnection(String)
    /// The connection broke; what was sent may have arrived.
    case broken(String)
    /// Nothing came for so long; what was sent may have arrived.
    case silence(Duration)
    /// The body has more bytes than are wanted; it was not read.
    case tooLarge(byteCount: Int)
}

extension HTTPFailure: CustomStringConvertible {
    /// A clause for the end of a sentence.
    package var description: String {
        switch self {
        case .noConnection(let reason): "no connection (\(reason))"
        case .broken(let reason): "the connection broke (\(reason))"
        case .silence(let duration): "no answer within \(duration / .seconds(1)) s"
        case .tooLarge(let byteCount): "an answer of \(byteCount) bytes"
        }
    }
}

/// How long an answer may take.
package struct Patience: Hashable, Sendable {
    /// What every request has, before bytes are counted.
    package var silenceMax: Duration
    /// The slowest transfer that is waited for.
    package var bytesPerSecondMin = 256 << 10

    /// Waits so long, and longer for long bodies.
    package init(silenceMax: Duration) {
        self.silenceMax = silenceMax
    }

    func duration(byteCount: Int) -> Duration {
        silenceMax + .milliseconds(byteCount * 1000 / bytesPerSecondMin)
    }
}

/// Sends requests.
package protocol HTTPExchange: Sendable {
    /// Sends a request once and reads the whole answer.
    func send(
        _ question: HTTPQuestion, bodyByteCountMax: Int, _ patience: Patience, _ timing: Timing
    ) async throws(HTTPFailure) -> HTTPAnswer
}
