import MCP

/// What carries messages to one server, for as long as that knows us.
protocol Wire: AnyObject, Sendable {
    /// The result of a request, or the error that the server answered.
    typealias Reply = Result<JSONObject, RPCFailure>

    /// Whether nothing can be asked over it any more, so that a new one is due.
    var isGone: Bool { get }

    /// Sends a request and waits for its answer.
    ///
    /// If the current task is cancelled, the server is told in the way of its era, and the error is
    /// ``UpstreamError/Kind/cancelled``.
    func ask(_ question: Question, as dialect: Dialect) async throws(UpstreamError) -> Reply

    /// Sends what nobody answers.
    func notify(_ notice: [UInt8], as dialect: Dialect) async throws(UpstreamError)

    /// Takes what the server sends by itself; returns when it no longer can.
    func listen(as dialect: Dialect) async

    /// Ends it. What still waits is told so.
    func close() async
}

/// What a server tells without being asked.
package enum UpstreamEvent: Hashable, Sendable {
    /// Its tools are no longer the same.
    case toolsChanged
    /// Its resources are no longer the same.
    case resourcesChanged
    /// The connection ended by itself.
    case ended(UpstreamError)
}
