/// A JSON-RPC message, by what may be done with it.
enum IncomingMessage {
    case request(Request)
    case notification(method: String, parameters: JSON)
    /// An answer; the server never asks, so it belongs to nothing.
    case response
    /// No JSON-RPC, with the id to answer to, where it has one.
    case invalid(MCPError, id: RequestID?)

    init(_ json: JSON) {
        guard json.object != nil else {
            self = .invalid(.invalidRequest("A message must be an object"), id: nil)
            return
        }
        let id = RequestID(json["id"])
        guard json["jsonrpc"] == "2.0" else {
            self = .invalid(.invalidRequest("\"jsonrpc\" must be \"2.0\""), id: id)
            return
        }
        guard let method = json["method"] else {
            if json["result"] != nil || json["error"] != nil {
                self = .response
            } else {
                self = .invalid(.invalidRequest("\"method\" is missing"), id: id)
            }
            return
        }
        self = IncomingMessage(method: method, id: id, json)
    }

    private init(method: JSON, id: RequestID?, _ json: JSON) {
        // Clients that write out what they leave out send null, or an array that is empty.
        let given = json["params"].flatMap { $0 == .null || $0 == [] ? nil : $0 }
        let parameters = given ?? [:]
        switch (method.string, id) {
        case (nil, _): self = .invalid(.invalidRequest("\"method\" must be a string"), id: id)
        case (let method?, nil) where json["id"] == nil:
            self = .notification(method: method, parameters: parameters)
        case (_, nil):
            self = .invalid(.invalidRequest("\"id\" must be a string or an integer"), id: nil)
        case (let method?, let id?):
            self = .request(Request(id: id, method: method, parameters: parameters))
        }
    }
}

/// A request, before anything is known of its revision.
struct Request {
    let id: RequestID
    let method: String
    let parameters: JSON

    /// A member of the request's `_meta`.
    func meta(_ key: MetaKey) -> JSON? {
        parameters["_meta"]?[key.rawValue]
    }

    /// What progress notifications must name, where the client wants them.
    var progressToken: JSON? {
        RequestID(meta(.progressToken))?.json
    }
}

/// Members of `_meta` that the protocol gives a meaning.
package enum MetaKey: String {
    case protocolVersion = "io.modelcontextprotocol/protocolVersion"
    case clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
    case serverInfo = "io.modelcontextprotocol/serverInfo"
    case logLevel = "io.modelcontextprotocol/logLevel"
    case progressToken
    case traceparent
}
