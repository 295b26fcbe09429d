import MCP

/// What a request of ours asks for, before it has an id.
struct Question: Sendable {
    var method: String
    var parameters: JSONObject
    /// Where news of it go, if anybody wants them.
    var onProgress: (@Sendable (UpstreamProgress) -> Void)?

    init(_ method: String, _ parameters: JSONObject = [:]) {
        self.method = method
        self.parameters = parameters
    }

    /// What the header `Mcp-Name` must say of it.
    var name: String? {
        switch method {
        case "tools/call", "prompts/get": parameters["name"]?.string
        case "resources/read": parameters["uri"]?.string
        default: nil
        }
    }
}

/// How we speak to a server: what each message of ours says of its revision and of us.
struct Dialect: Hashable, Sendable {
    var revision: ProtocolRevision
    var client: Implementation
    /// What we can be asked for.
    var capabilities: JSONObject

    /// A request as it goes over the wire, without a line break.
    func encode(_ question: Question, id: Int) -> [UInt8] {
        var parameters = question.parameters
        var meta = parameters["_meta"]?.object ?? [:]
        if question.onProgress != nil {
            meta[MetaKey.progressToken.rawValue] = .number(JSONNumber(id))
        }
        if revision.era == .modern {
            meta[MetaKey.protocolVersion.rawValue] = .string(revision.rawValue)
            meta["io.modelcontextprotocol/clientInfo"] = client.json(for: revision)
            meta[MetaKey.clientCapabilities.rawValue] = .object(capabilities)
        }
        if !meta.members.isEmpty { parameters["_meta"] = .object(meta) }
        var message: JSONObject = [
            "jsonrpc": "2.0", "id": .number(JSONNumber(id)), "method": .string(question.method),
        ]
        if !parameters.members.isEmpty { message["params"] = .object(parameters) }
        return JSON.object(message).encoded()
    }

    /// What begins a handshake.
    var initialize: Question {
        Question(
            "initialize",
            [
                "protocolVersion": .string(revision.rawValue),
                "capabilities": .object(capabilities), "clientInfo": client.json(for: revision),
            ])
    }
}

/// Messages of ours that nobody answers.
enum Notice {
    static let initialized = encode("notifications/initialized", [:])

    static func cancelled(id: Int, reason: String) -> [UInt8] {
        encode(
            "notifications/cancelled",
            ["requestId": .number(JSONNumber(id)), "reason": .string(reason)])
    }

    /// The answer to a request of the server.
    static func answer(to id: RequestID, _ result: Result<JSONObject, RPCFailure>) -> [UInt8] {
        var message: JSONObject = ["jsonrpc": "2.0", "id": id.json]
        switch result {
        case .success(let result): message["result"] = .object(result)
        case .failure(let failure):
            message["error"] = [
                "code": .number(JSONNumber(failure.code)), "message": .string(failure.message),
            ]
        }
        return JSON.object(message).encoded()
    }

    private static func encode(_ method: String, _ parameters: JSONObject) -> [UInt8] {
        var message: JSONObject = ["jsonrpc": "2.0", "method": .string(method)]
        if !parameters.members.isEmpty { message["params"] = .object(parameters) }
        return JSON.object(message).encoded()
    }
}

/// News of a call that goes on.
package struct UpstreamProgress: Hashable, Sendable {
    /// How far it is, in the server's own units.
    package var progress: Double
    /// How far it goes, where that is known.
    package var total: Double?
    /// What it is doing, in at most 1,000 characters.
    package var message: String?

    init?(_ parameters: JSON) {
        guard case .number(let number)? = parameters["progress"], let progress = Double(number.text)
        else { return nil }
        self.progress = progress
        if case .number(let number)? = parameters["total"] { total = Double(number.text) }
        message = parameters["message"]?.string.map { String($0.prefix(1_000)) }
    }
}
