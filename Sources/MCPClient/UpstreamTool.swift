package import MCP

/// A tool that an upstream server offers. All of it is the server's word, and untrusted text.
package struct UpstreamTool: Hashable, Sendable {
    /// The name by which it is called, exactly.
    package var name: String
    /// What it does, if the server says so.
    package var description: String
    /// What its arguments must be: an object of JSON Schema.
    package var inputSchema: JSONObject
    /// What its results are.
    package var outputSchema: JSONObject?
    /// What it claims to do to the world.
    package var annotations: JSONObject

    /// Describes a tool.
    package init(
        name: String, description: String = "", inputSchema: JSONObject = ["type": "object"],
        outputSchema: JSONObject? = nil, annotations: JSONObject = [:]
    ) {
        self.name = name
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.annotations = annotations
    }

    private static let nameByteCountMax = 256

    fileprivate init?(_ json: JSON) {
        guard let name = json["name"]?.string, !name.isEmpty,
            name.utf8.count <= Self.nameByteCountMax
        else { return nil }
        self.init(
            name: name, description: json["description"]?.string ?? json["title"]?.string ?? "",
            inputSchema: json["inputSchema"]?.object ?? [:],
            outputSchema: json["outputSchema"]?.object,
            annotations: json["annotations"]?.object ?? [:])
    }
}

/// The tools of a server, and what was wrong with the list.
package struct ToolList: Hashable, Sendable {
    /// Those that can be called, in the server's order, no two of one name.
    package var tools: [UpstreamTool] = []
    /// What was left out and why, for the operator.
    package var faults: [String] = []

    private static let faultCountMax = 20

    /// Reads the entries of a list.
    package init(_ entries: [JSON]) {
        var names: Set<String> = []
        for (index, entry) in entries.enumerated() {
            guard let tool = UpstreamTool(entry) else {
                complain("entry \(index + 1) has no name of 1 to 256 bytes")
                continue
            }
            guard names.insert(tool.name).inserted else {
                complain("the tool \"\(tool.name)\" is listed twice; the first counts")
                continue
            }
            tools.append(tool)
        }
    }

    private mutating func complain(_ fault: String) {
        if faults.count < Self.faultCountMax { faults.append(fault) }
    }
}
