import HTTPTypes
import HummingbirdCore
import MCP
import NIOCore

extension HTTPField.Name {
    static let accelBuffering = name("X-Accel-Buffering")
    static let contentTypeOptions = name("X-Content-Type-Options")
    static let host = name("Host")
    static let requestID = name("X-Request-Id")
    static let sessionID = name("Mcp-Session-Id")
    static let traceParent = name("traceparent")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no name") }
        return name
    }
}

extension Response {
    /// An answer of the protocol's core.
    init(_ answer: Answer) {
        self.init(json: answer.bytes, status: HTTPResponse.Status(code: answer.httpStatus))
    }

    /// A response without a body.
    init(empty status: HTTPResponse.Status) {
        self.init(status: status, headers: Response.commonHeaders)
    }

    /// A text for people and probes.
    init(text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain") {
        var headers = Response.commonHeaders
        headers[.contentType] = "\(type); charset=utf-8"
        self.init(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// A document for programs.
    init(json: [UInt8], status: HTTPResponse.Status) {
        var headers = Response.commonHeaders
        headers[.contentType] = "application/json"
        self.init(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json))
        )
    }

    private static let commonHeaders: HTTPFields = [
        .cacheControl: "no-store", .contentTypeOptions: "nosniff",
    ]
}

/// Why a request is not served, before the protocol's core sees it.
package struct Refusal: Error, Hashable, CustomStringConvertible {
    let status: HTTPResponse.Status
    /// What is wrong, in words for whoever set up the client; never anything of this machine.
    let message: String
    var headers: [HTTPField.Name: String] = [:]
    /// Where it is worth counting.
    var cause: Cause?

    init(
        _ status: HTTPResponse.Status, _ message: String, headers: [HTTPField.Name: String] = [:],
        cause: Cause? = nil
    ) {
        self.status = status
        self.message = message
        self.headers = headers
        self.cause = cause
    }

    /// An error of JSON-RPC, since clients of MCP look for one in every body.
    func response(requestID: String) -> Response {
        let error = MCPError.refused(message, requestID: requestID)
        var response = Response(json: Answer(error: error).bytes, status: status)
        for (name, value) in headers { response.headers[name] = value }
        return response
    }

    /// Why a client was refused, where an operator wants to know how often.
    package enum Cause: String, CaseIterable, Sendable {
        /// Another name than those that are served.
        case host
        /// A web page of another origin.
        case origin
        /// A token that is not accepted.
        case badToken = "token"
        /// Too many of those from one address.
        case failures
        /// More requests than the rate allows.
        case rate
        /// More connections from one address than there may be.
        case connections
        /// More requests at a time than there may be.
        case inFlight = "in_flight"
        /// More sessions or streams than there may be.
        case sessions
    }

    /// The status and what is wrong.
    package var description: String { "\(status.code): \(message)" }

    static func method(allowed: String) -> Refusal {
        Refusal(.methodNotAllowed, "Method not allowed", headers: [.allow: allowed])
    }

    static let path = Refusal(.notFound, "Not found")
    static let sessionUnknown = Refusal(.notFound, "Session not found")
    static let full = Refusal(
        .serviceUnavailable, "Too many sessions. Try again later.", headers: [.retryAfter: "10"],
        cause: .sessions)
    static let fullOfOwn = Refusal(
        .tooManyRequests, "Too many sessions of this token. End some of them, or try again later.",
        headers: [.retryAfter: "10"], cause: .sessions)
}
