/// What a call of a tool answers.
package struct ToolResult: Hashable, Sendable {
    /// A part of the answer.
    package enum ContentBlock: Hashable, Sendable {
        /// Text for the model.
        case text(String)
        /// A file: its type, such as `image/png`, and its content in base64.
        case file(type: String, base64: String)
        /// A file of text: its type, such as `text/csv`, and its content.
        case textFile(type: String, String)
        /// A block of another type, whole: a resource link.
        case other(JSONObject)

        func json(for revision: ProtocolRevision) -> JSON {
            switch self {
            case .text(let text): ["type": "text", "text": .string(text)]
            case .file(let type, let data): ContentBlock.json(of: type, data, for: revision)
            case .textFile(let type, let text): ContentBlock.resource(type, "text", text)
            case .other(let block): .object(block)
            }
        }

        private static func json(
            of type: String, _ data: String, for revision: ProtocolRevision
        ) -> JSON {
            if shownImageTypes.contains(type) {
                return ["type": "image", "data": .string(data), "mimeType": .string(type)]
            }
            if type.hasPrefix("audio/"), revision.has(.audioContent) {
                return ["type": "audio", "data": .string(data), "mimeType": .string(type)]
            }
            return resource(type, "blob", data)
        }

        /// The images that models can see; a client may refuse a conversation that has others.
        private static let shownImageTypes: Set = [
            "image/png", "image/jpeg", "image/gif", "image/webp",
        ]

        private static func resource(
            _ type: String, _ member: String, _ content: String
        ) -> JSON {
            var resource: JSONObject = ["uri": "mcp-v8:result", "mimeType": .string(type)]
            resource[member] = .string(content)
            return ["type": "resource", "resource": .object(resource)]
        }
    }

    /// Whether the tool did what it was asked.
    package enum Disposition: Hashable, Sendable {
        case success
        /// It did not, and the content says why in a way that a model can act on.
        case failure
    }

    /// What the model reads.
    package var content: [ContentBlock]
    /// The same as an object for programs; clients before 2025-06-18 do not get it.
    package var structuredContent: JSON?
    /// Whether the tool did what it was asked.
    package var disposition: Disposition

    /// Makes a result.
    package init(
        _ disposition: Disposition, content: [ContentBlock], structuredContent: JSON? = nil
    ) {
        self.disposition = disposition
        self.content = content
        self.structuredContent = structuredContent
    }

    /// Makes a result of one text.
    package init(_ disposition: Disposition, text: String, structuredContent: JSON? = nil) {
        self.init(disposition, content: [.text(text)], structuredContent: structuredContent)
    }

    /// A success that is an object, shown as text too.
    package static func structured(_ object: JSONObject) -> ToolResult {
        let json = JSON.object(object)
        return ToolResult(.success, text: json.text, structuredContent: json)
    }

    /// A call that was not begun, for one of these reasons.
    enum Refusal: String {
        /// Its arguments make no sense.
        case invalid
        /// Too much is done already.
        case busy
    }

    /// A failure in the form in which tools tell of theirs.
    static func refusal(_ refusal: Refusal, _ text: String) -> ToolResult {
        let error: JSON = [
            "kind": .string(refusal.rawValue), "name": .string(refusal.rawValue),
            "message": .string(text),
        ]
        return ToolResult(.failure, text: text, structuredContent: ["error": error])
    }

    func json(for revision: ProtocolRevision) -> JSONObject {
        var json: JSONObject = ["content": .array(content.map { $0.json(for: revision) })]
        if revision.has(.structuredContent) { json["structuredContent"] = structuredContent }
        json["isError"] = .boolean(disposition == .failure)
        return json
    }
}
