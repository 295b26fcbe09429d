import MCP

/// References within a schema. Those that lead elsewhere are not followed: they would be requests
/// that an upstream server can have us make.
enum SchemaReference {
    private static let stepCountMax = 16

    /// What `#` or `#/a/b` names; nil where it is not there.
    static func resolve(_ reference: String, in root: JSON) -> JSON? {
        guard reference.hasPrefix("#") else { return nil }
        let parts = reference.dropFirst().split(separator: "/")
        guard parts.count <= stepCountMax else { return nil }
        return parts.reduce(Optional(root)) { place, part in
            let key = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
            if let member = place?[key] { return member }
            guard let elements = place?.array, let index = Int(key),
                elements.indices.contains(index)
            else { return nil }
            return elements[index]
        }
    }
}
