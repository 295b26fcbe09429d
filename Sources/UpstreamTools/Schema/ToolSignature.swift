import MCP
package import MCPClient

/// A tool as a line or more of TypeScript that a model can call it by.
package struct ToolSignature: Hashable, Sendable {
    /// How code refers to it.
    package var reference: String
    /// One sentence on what it does, cleaned.
    package var about: String
    /// The whole: what it does, the types it needs, and the function.
    package var text: String

    /// Writes the signature of a tool.
    package init(_ tool: UpstreamTool, server: String, names: ToolNames) {
        let place =
            CleanText.isIdentifier(server) ? ".\(server)" : "[\(CleanText.quoted(server))]"
        var parameters = TypeScriptType(root: tool.inputSchema)
        let type = parameters.write()
        let isOptional = (tool.inputSchema["required"]?.array ?? []).isEmpty
        let takesNothing = type == "{}" || tool.inputSchema["properties"]?.object?.members == []
        let arguments = takesNothing ? "" : "args\(isOptional ? "?" : ""): \(type)"
        var declarations = parameters.declarations
        var result = "any"
        if let schema = tool.outputSchema {
            var output = TypeScriptType(root: schema)
            result = output.write()
            // A name that the arguments have, too, would stand for two types.
            if output.declarations.allSatisfy({ !declarations.contains($0) }),
                Set(output.declarations.map(Self.name)).isDisjoint(
                    with: declarations.map(Self.name))
            {
                declarations += output.declarations
            } else if !output.declarations.isEmpty {
                result = "any /* $describe */"
            }
        }
        about = CleanText.sentence(tool.description)
        let tail = ": Promise<\(result)>"
        if let name = names.reference(to: tool.name) {
            reference = "tools\(place)\(name)"
            text = "\(reference)(\(arguments))\(tail)"
        } else {
            let path = "\(CleanText.quoted(server)), \(CleanText.quoted(tool.name))"
            reference = "tools.$call(\(path))"
            text = "tools.$call(\(path)\(arguments.isEmpty ? "" : ", " + arguments))\(tail)"
        }
        let lines = (about.isEmpty ? [] : ["// \(about)"]) + declarations + [text]
        text = lines.joined(separator: "\n")
    }

    private static func name(_ declaration: String) -> Substring {
        declaration.dropFirst(5).prefix { $0 != " " }
    }
}
