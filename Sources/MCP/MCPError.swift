/// Why a message gets an error for an answer, instead of a result.
///
/// This is where errors become codes. What goes wrong inside a tool is no such error: it is a
/// ``ToolResult`` that a model can read.
package enum MCPError: Error, Hashable, Sendable {
    /// The text is no JSON, or more of it than is read.
    case malformedJSON(JSONFault, offset: Int)
    /// The JSON is no JSON-RPC message that may stand here.
    case invalidRequest(String)
    /// Neither this revision nor this server has such a method.
    case methodNotFound(String)
    /// A parameter is missing, has the wrong type, or names nothing.
    case invalidParameters(String)
    /// A header of the HTTP request is missing or says something else than the body.
    case headerMismatch(String)
    /// The message asks for a modern revision that is not served.
    case unsupportedProtocolVersion(requested: String)
    /// The client did not say that it knows an extension without which this cannot be answered.
    case missingCapability(extension: String)
    /// The server has too much to do; the same request may succeed later.
    case busy(String)
    /// The transport does not take the message, for a reason of its own.
    case refused(String, requestID: String)
}

extension MCPError {
    /// The code that JSON-RPC or MCP gives to this condition.
    package var code: Int {
        switch self {
        case .malformedJSON: -32700
        case .invalidRequest, .refused: -32600
        case .methodNotFound: -32601
        case .invalidParameters: -32602
        case .headerMismatch: -32020
        case .unsupportedProtocolVersion: -32022
        case .missingCapability: -32021
        case .busy: -32603
        }
    }

    /// The HTTP status of an answer with this error.
    package func httpStatus(in era: Era) -> Int {
        switch (self, era) {
        case (.malformedJSON, _), (.invalidRequest, _), (.refused, _): 400
        case (.methodNotFound, .modern): 404
        case (.busy, .modern): 503
        case (_, .modern): 400
        case (_, .legacy): 200
        }
    }

    /// The `error` member of an answer.
    var json: JSON {
        var error: JSONObject = ["code": .number(JSONNumber(code)), "message": .string(message)]
        error["data"] = data
        return .object(error)
    }

    fileprivate var message: String {
        switch self {
        case .malformedJSON: "Parse error"
        case .invalidRequest(let reason), .invalidParameters(let reason), .refused(let reason, _):
            reason
        case .methodNotFound(let method): "Method not found: \(method)"
        case .headerMismatch(let reason): "Header mismatch: \(reason)"
        case .unsupportedProtocolVersion: "Unsupported protocol version"
        case .missingCapability(let name): "Missing required client capability: extension \(name)"
        case .busy(let reason): reason
        }
    }

    private var data: JSON? {
        switch self {
        case .malformedJSON(let fault, let offset): "\(fault.rawValue) at byte \(offset)"
        case .unsupportedProtocolVersion(let requested):
            [
                "supported": .array(ProtocolRevision.modern.map(\.json)),
                "requested": .string(requested),
            ]
        case .missingCapability(let name):
            ["requiredCapabilities": ["extensions": .object([name: [:]])]]
        case .refused(_, let requestID): ["requestId": .string(requestID)]
        default: nil
        }
    }
}

extension MCPError: CustomStringConvertible {
    /// What a client is told, with more where there is more.
    package var description: String {
        guard case .malformedJSON(let fault, let offset) = self else { return message }
        return "\(message): \(fault.rawValue) at byte \(offset)"
    }
}
