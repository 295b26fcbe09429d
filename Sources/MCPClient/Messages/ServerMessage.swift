import MCP

/// One message of a server, by what may be done with it.
enum ServerMessage {
    case answer(id: RequestID, Answer)
    case request(id: RequestID, method: String, parameters: JSON)
    case notification(method: String, parameters: JSON)
    /// It means nothing, and why.
    case useless(String)

    /// How a request of ours ended.
    enum Answer: Hashable {
        /// A result, which is always an object.
        case result(JSONObject)
        case failure(RPCFailure)
        /// It is for this request and makes no sense; why.
        case malformed(String)
    }

    init(_ json: JSON) {
        guard json.object != nil else {
            self = .useless("\(json.kindDescription) that is no message")
            return
        }
        guard json["jsonrpc"] == "2.0" else {
            self = .useless("a message that is not JSON-RPC 2.0")
            return
        }
        let id = RequestID(json["id"])
        guard let method = json["method"] else {
            self = ServerMessage(answer: json, id: id)
            return
        }
        let parameters = json["params"] ?? [:]
        switch (method.string, id) {
        case (nil, _): self = .useless("a method that is no string")
        case (let method?, let id?):
            self = .request(id: id, method: method, parameters: parameters)
        case (let method?, nil) where json["id"] == nil:
            self = .notification(method: method, parameters: parameters)
        case (_, nil): self = .useless("an id that is neither a string nor an integer")
        }
    }

    private init(answer json: JSON, id: RequestID?) {
        guard let id else {
            // What could not be read has no id; whose request it was nobody knows.
            let text = json["error"]?["message"]?.string
            self = .useless(text.map { "an error for no request: \($0)" } ?? "an answer without id")
            return
        }
        self = .answer(id: id, Answer(json))
    }
}

extension ServerMessage.Answer {
    fileprivate init(_ json: JSON) {
        switch (json["result"], json["error"]) {
        case (nil, nil): self = .malformed("neither a result nor an error")
        case (_?, let error?) where error != .null: self = .malformed("a result and an error")
        case (let result?, _):
            self =
                result.object.map { .result($0) }
                ?? .malformed("\(result.kindDescription) where a result must be an object")
        case (nil, let error?):
            guard let code = error["code"]?.integer, let message = error["message"]?.string else {
                self = .malformed("an error without a code and a message")
                return
            }
            self = .failure(RPCFailure(code: code, message: message, data: error["data"]))
        }
    }
}

/// An error as JSON-RPC has it.
struct RPCFailure: Error, Hashable, CustomStringConvertible {
    var code: Int
    var message: String
    var data: JSON?

    var description: String { "\(message) (\(code))" }

    /// The revisions that a server offers in place of the one it was asked for.
    var supportedRevisions: [ProtocolRevision]? {
        guard code == -32022, let versions = data?["supported"]?.array else { return nil }
        return versions.compactMap { $0.string.flatMap(ProtocolRevision.init(rawValue:)) }
    }
}
