import NIOCore
import NIOHTTP1

/// One request over HTTP.
struct HTTPAsk: Sendable {
    var method: String
    var url: String
    var headers: HTTPHeaders
    var body: [UInt8]?
}

/// The beginning of an answer, and its body as it comes.
struct HTTPReply: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: any AsyncSequence<ByteBuffer, any Error> & Sendable
}

/// Sends requests over HTTP; redirects are not followed.
protocol HTTPCarrier: Sendable {
    /// Sends a request and waits for the head of its answer.
    ///
    /// If the current task is cancelled the exchange ends, and its connection is closed.
    func send(_ ask: HTTPAsk) async throws(HTTPFault) -> HTTPReply

    /// Ends whatever is going on.
    func shutDown() async
}

/// Why there is no answer.
enum HTTPFault: Error, Hashable, CustomStringConvertible {
    /// Nothing was sent.
    case noConnection(String)
    /// What was sent may have arrived.
    case broken(String)

    var description: String {
        switch self {
        case .noConnection(let reason): "no connection (\(reason))"
        case .broken(let reason): "the connection broke (\(reason))"
        }
    }

    /// What a caller is told.
    var error: UpstreamError {
        switch self {
        case .noConnection:
            UpstreamError(
                .unavailable, "The server cannot be reached: \(self)", .notSent, retry: .sensible)
        case .broken:
            UpstreamError(
                .unavailable, "The server did not answer: \(self)", .possiblySent,
                retry: .sensible)
        }
    }
}
