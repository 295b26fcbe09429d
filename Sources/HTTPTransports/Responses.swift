import HTTPTypes
import HummingbirdCore
import MCP
import NIOCore

extension HTTPField.Name {
    static let accelBuffering = name("X-Accel-Buffering")
    static let contentTypeOptions = name("X-Content-Type-Options")
    static let host = name("Host")
    static let sessionID = name("Mcp-Session-Id")

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

    fileprivate init(json: [UInt8], status: HTTPResponse.Status) {
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
struct Refusal: Error, Hashable {
    let status: HTTPResponse.Status
    /// What is wrong, in words for whoever set up the client; never anything of this machine.
    let message: String
    var headers: [HTTPField.Name: String] = [:]

    init(
        _ status: HTTPResponse.Status, _ message: String, headers: [HTTPField.Name: String] = [:]
    ) {
        self.status = status
        self.message = message
        self.headers = headers
    }

    /// An error of JSON-RPC, since clients of MCP look for one in every body.
    var response: Response {
        var response = Response(
            json: Answer(error: .invalidRequest(message)).bytes, status: status)
        for (name, value) in headers { response.headers[name] = value }
        return response
    }

    static func method(allowed: String) -> Refusal {
        Refusal(.methodNotAllowed, "Method not allowed", headers: [.allow: allowed])
    }

    static let path = Refusal(.notFound, "Not found")
    static let sessionUnknown = Refusal(.notFound, "Session not found")
    static let full = Refusal(
        .serviceUnavailable, "Too many sessions. Try again later.", headers: [.retryAfter: "10"])
}
