internal import Foundation
package import MCP
package import MCPClient

/// What a call of a tool is in JavaScript.
package indirect enum UpstreamValue: Hashable, Sendable {
    /// `undefined`.
    case nothing
    /// A value that JSON can hold.
    case json(JSON)
    /// A `Blob` of a type.
    case blob(type: String, bytes: [UInt8])
    /// An object whose members may be blobs.
    case object([Member])
    /// An array whose elements may be blobs.
    case array([UpstreamValue])

    /// A member of an object.
    package struct Member: Hashable, Sendable {
        /// Its name.
        package var key: String
        /// Its value.
        package var value: UpstreamValue
    }
}

extension UpstreamValue {
    private static let messageLengthMax = 4_096
    /// Results within a message of this depth were read; a text is held to the same.
    private static let textLimits = JSONLimits(
        byteCountMax: 64 << 20, depthMax: 200, valueCountMax: 2_000_000)

    /// Makes a value of a result as it came.
    ///
    /// - Throws: ``UpstreamError/Kind/failed`` where the tool says that it failed, `protocol` where
    ///   the result makes no sense.
    package init(
        _ result: JSONObject, reading: UpstreamSettings.TextReading = .automatic
    ) throws(UpstreamError) {
        let blocks = try Self.blocks(of: result)
        if result["isError"] == true { throw Self.failure(result, blocks) }
        if let structured = result["structuredContent"], structured != .null {
            self = .json(structured)
            return
        }
        switch blocks.count {
        case 0: self = .nothing
        case 1: self = try Self.value(of: blocks[0], reading: reading)
        default: self = try Self.several(blocks, reading: reading)
        }
    }

    /// The contents of a resource as they were read: a text, a blob, or an array of several.
    package init(contentsOf result: JSONObject) throws(UpstreamError) {
        guard let contents = result["contents"]?.array else {
            throw UpstreamError(.protocolError, "The server answered a resource without contents")
        }
        var values: [UpstreamValue] = []
        for content in contents { values.append(try Self.value(ofResource: content)) }
        self = values.count == 1 ? values[0] : .array(values)
    }

    private static func blocks(of result: JSONObject) throws(UpstreamError) -> [JSONObject] {
        guard let content = result["content"] else {
            guard result["structuredContent"] != nil else {
                throw malformed("a result without content")
            }
            return []
        }
        guard let elements = content.array else { throw malformed("content that is no array") }
        var blocks: [JSONObject] = []
        for element in elements {
            guard let block = element.object else { throw malformed("a block that is no object") }
            blocks.append(block)
        }
        return blocks
    }

    private static func failure(_ result: JSONObject, _ blocks: [JSONObject]) -> UpstreamError {
        let text = blocks.compactMap { $0["text"]?.string }.joined(separator: "\n")
        let message = text.isEmpty ? "The tool failed and does not say why" : text
        return UpstreamError(
            .failed, String(message.prefix(messageLengthMax)), details: ["result": .object(result)])
    }

    private static func several(
        _ blocks: [JSONObject], reading: UpstreamSettings.TextReading
    ) throws(UpstreamError) -> UpstreamValue {
        var values: [UpstreamValue] = []
        for block in blocks { values.append(try value(of: block, reading: reading)) }
        let texts = blocks.compactMap { $0["type"] == "text" ? $0["text"]?.string : nil }
        return .object([
            Member(key: "content", value: .array(values)),
            Member(key: "text", value: .json(.string(texts.joined(separator: "\n")))),
        ])
    }

    private static func value(
        of block: JSONObject, reading: UpstreamSettings.TextReading
    ) throws(UpstreamError) -> UpstreamValue {
        switch block["type"]?.string {
        case "text"?:
            guard let text = block["text"]?.string else { throw malformed("a text without text") }
            return try value(ofText: text, reading: reading)
        case "image"?, "audio"?:
            return try blob(block["data"], type: block["mimeType"])
        case "resource"?: return try value(ofResource: block["resource"] ?? .null)
        case "resource_link"?:
            var link = block
            link["type"] = nil
            return .json(.object(link))
        case let type?: throw malformed("a block of type \(type.prefix(40))")
        case nil: throw malformed("a block without a type")
        }
    }

    /// A text is parsed only where the whole of it is an object or an array: `"42"` is a text.
    private static func value(
        ofText text: String, reading: UpstreamSettings.TextReading
    ) throws(UpstreamError) -> UpstreamValue {
        let first = text.utf8.first { !$0.isBlank }
        let last = text.utf8.last { !$0.isBlank }
        let mayBeJSON = (first == 0x7B && last == 0x7D) || (first == 0x5B && last == 0x5D)
        if reading == .never || (reading == .automatic && !mayBeJSON) {
            return .json(.string(text))
        }
        do {
            return .json(try JSON(parsing: Array(text.utf8), limits: textLimits))
        } catch {
            if case .malformedJSON(let fault, _) = error,
                [.tooDeep, .tooManyValues, .tooLong].contains(fault)
            {
                throw UpstreamError(.tooLarge, "The result is JSON that is \(fault.rawValue)")
            }
            guard reading == .always else { return .json(.string(text)) }
            throw malformed("a text that is no JSON (\(error)), which this server always writes")
        }
    }

    private static func value(ofResource resource: JSON) throws(UpstreamError) -> UpstreamValue {
        if let text = resource["text"]?.string { return .json(.string(text)) }
        return try blob(resource["blob"], type: resource["mimeType"])
    }

    private static func blob(_ data: JSON?, type: JSON?) throws(UpstreamError) -> UpstreamValue {
        guard let text = data?.string, let bytes = Data(base64Encoded: text) else {
            throw malformed("a file that is no base64")
        }
        return .blob(type: String((type?.string ?? "").prefix(200)), bytes: Array(bytes))
    }

    private static func malformed(_ what: String) -> UpstreamError {
        UpstreamError(.protocolError, "The server answered \(what)")
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { [0x20, 0x09, 0x0A, 0x0D].contains(self) }
}
