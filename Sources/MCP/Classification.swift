extension Era {
    /// Finds out how the client of a message speaks.
    init(of message: IncomingMessage, context: MessageContext) {
        if case .request(let request) = message {
            self.init(of: request, context: context)
        } else {
            self = context.era
        }
    }

    /// Finds out how the client of a request speaks.
    init(of request: Request, context: MessageContext) {
        if request.meta(.protocolVersion) != nil || request.method == "server/discover" {
            self = .modern
        } else if request.method == "initialize" {
            // Without a claim in its body it begins a handshake, whatever a header says.
            self = .legacy
        } else {
            self = context.era
        }
    }
}

extension MessageContext {
    /// How the client speaks, as far as the transport can tell.
    var era: Era { headers?.era ?? .legacy }
}

extension Request {
    /// Checks what every modern request must say of its client.
    func modernRevision() throws(MCPError) -> ProtocolRevision {
        let claim = meta(.protocolVersion)?.string
        var missing: [MetaKey] = []
        if claim == nil { missing.append(.protocolVersion) }
        if meta(.clientCapabilities)?.isObject != true { missing.append(.clientCapabilities) }
        guard let claim, missing.isEmpty else {
            let names = missing.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameters("Missing required _meta field: \(names)")
        }
        guard let revision = ProtocolRevision(rawValue: claim), revision.era == .modern else {
            throw .unsupportedProtocolVersion(requested: claim)
        }
        return revision
    }
}

extension IncomingMessage {
    var isInitialize: Bool {
        if case .request(let request) = self { request.method == "initialize" } else { false }
    }
}

extension MCPError {
    static let duplicateID = MCPError.invalidRequest("A request with this id is in flight")
}

extension Exchange {
    static func refusal(_ error: MCPError, id: RequestID? = nil, era: Era) -> Exchange {
        Exchange(era: era, reply: .answer(Answer(error: error, id: id, era: era)))
    }
}
