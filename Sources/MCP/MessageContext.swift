/// What a transport knows of a message beside its bytes.
package enum MessageContext: Hashable, Sendable {
    /// It came over a stream of messages, which says nothing about each: stdio, SSE.
    case stream
    /// It is the body of an HTTP request with these headers.
    case http(ProtocolHeaders)

    var headers: ProtocolHeaders? {
        if case .http(let headers) = self { headers } else { nil }
    }
}

/// The headers of an HTTP request that repeat what its body says.
package struct ProtocolHeaders: Hashable, Sendable {
    /// A header's value, where it was sent.
    enum Value: Hashable {
        case absent
        case present(String)
        /// Sent more than once, or in an encoding that does not decode.
        case unusable
    }

    private(set) var protocolVersion = Value.absent
    private(set) var method = Value.absent
    private(set) var name = Value.absent

    /// Picks the protocol's headers out of all that a request has.
    package init(_ fields: some Sequence<(name: String, value: String)>) {
        for field in fields {
            let value = field.value.trimmingOptionalWhitespace()
            switch field.name.lowercased() {
            case "mcp-protocol-version": protocolVersion.add(value)
            case "mcp-method": method.add(value)
            case "mcp-name": name.add(Base64.decodeWord(value))
            default: break
            }
        }
    }

    /// The era that the version header claims; an unknown version is from the future.
    package var era: Era? {
        switch protocolVersion {
        case .absent: nil
        case .unusable: .modern
        case .present(let version): ProtocolRevision(rawValue: version)?.era ?? .modern
        }
    }

    /// The legacy revision that the version header names.
    var legacyRevision: ProtocolRevision? {
        guard case .present(let version) = protocolVersion, era == .legacy else { return nil }
        return ProtocolRevision(rawValue: version)
    }

    /// Compares the headers with the body of a modern request.
    ///
    /// A request that claims no version in its body lacks that before it lacks headers, so then
    /// only headers that are there are compared.
    ///
    /// - Throws: ``MCPError/headerMismatch(_:)``.
    func check(against request: Request) throws(MCPError) {
        let claim = request.meta(.protocolVersion)
        let absence = claim == nil ? Absence.accepted : .refused
        if let claim {
            try protocolVersion.check("MCP-Protocol-Version", body: claim.string, absence)
        }
        try method.check("Mcp-Method", body: request.method, absence)
        if let member = ProtocolHeaders.nameMember(ofMethod: request.method) {
            let name = request.parameters[member]?.string
            try self.name.check("Mcp-Name", body: name, name == nil ? .accepted : absence)
        }
    }

    /// The parameter that `Mcp-Name` repeats.
    private static func nameMember(ofMethod method: String) -> String? {
        switch method {
        case "tools/call", "prompts/get": "name"
        case "resources/read": "uri"
        case "tasks/get", "tasks/update", "tasks/cancel": "taskId"
        default: nil
        }
    }

    fileprivate enum Absence {
        case accepted
        case refused
    }
}

extension ProtocolHeaders.Value {
    fileprivate mutating func add(_ value: String?) {
        if let value, self == .absent { self = .present(value) } else { self = .unusable }
    }

    fileprivate func check(
        _ header: String, body: String?, _ absence: ProtocolHeaders.Absence
    ) throws(MCPError) {
        switch self {
        case .present(let value) where value == body: return
        case .absent where absence == .accepted: return
        case .absent: throw .headerMismatch("\(header) header is missing")
        case .unusable:
            throw .headerMismatch("\(header) header is repeated or cannot be decoded")
        case .present(let value):
            let expected = body.map { "'\($0)'" } ?? "(none)"
            throw .headerMismatch(
                "\(header) header value '\(value)' does not match body value \(expected)")
        }
    }
}

extension String {
    /// Without the spaces and tabs that HTTP allows around a header's value.
    fileprivate func trimmingOptionalWhitespace() -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let start = utf8.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map { start.index(after: $0) }
        return String(start[..<(end ?? start.startIndex)]) ?? ""
    }
}
