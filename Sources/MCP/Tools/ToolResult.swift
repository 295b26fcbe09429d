/// What a call of a tool answers.
package struct ToolResult: Hashable, Sendable {
    /// A part of the answer.
    package enum ContentBlock: Hashable, Sendable {
        /// Text for the model.
        case text(String)
        /// A block of another type, whole: an image, a resource link.
        case other(JSONObject)

        var json: JSON {
            switch self {
            case .text(let text): ["type": "text", "text": .string(text)]
            case .other(let block): .object(block)
            }
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

    func json(for revision: ProtocolRevision) -> JSONObject {
        var json: JSONObject = ["content": .array(content.map(\.json))]
        if revision.has(.structuredContent) { json["structuredContent"] = structuredContent }
        json["isError"] = .boolean(disposition == .failure)
        return json
    }
}
