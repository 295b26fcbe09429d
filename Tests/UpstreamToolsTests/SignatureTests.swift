import MCP
import MCPClient
import Testing

@testable import UpstreamTools

@Suite("Schemas as TypeScript")
struct SignatureTests {
    private static func type(_ schema: String) throws -> String {
        let json = try JSON(parsing: Array(schema.utf8))
        var writer = TypeScriptType(root: try #require(json.object))
        let type = writer.write()
        return (writer.declarations + [type]).joined(separator: "\n")
    }

    static let types: [(String, String)] = [
        ("{}", "any"), (#"{"type": "string"}"#, "string"), (#"{"type": "integer"}"#, "number"),
        (#"{"type": ["string", "null"]}"#, "string | null"),
        (#"{"type": "string", "nullable": true}"#, "string | null"),
        (#"{"enum": ["a", "b", 1, null]}"#, #""a" | "b" | 1 | null"#),
        (#"{"const": "x"}"#, #""x""#),
        (#"{"type": "array", "items": {"type": "string"}}"#, "string[]"),
        (#"{"type": "array", "items": {"enum": ["a", "b"]}}"#, #"("a" | "b")[]"#),
        (#"{"type": "array"}"#, "any[]"),
        (
            #"{"prefixItems": [{"type": "number"}, {"type": "string"}], "items": false}"#,
            "[number, string]"
        ),
        (
            #"{"prefixItems": [{"type": "number"}], "items": {"type": "string"}}"#,
            "[number, ...string[]]"
        ),
        (#"{"type": "object"}"#, "Record<string, any>"),
        (#"{"type": "object", "properties": {}, "additionalProperties": false}"#, "{}"),
        (
            #"{"type": "object", "additionalProperties": {"type": "number"}}"#,
            "Record<string, number>"
        ),
        (
            #"{"properties": {"a": {"type": "string"}, "b-c": {}}, "required": ["a"]}"#,
            #"{ a: string; "b-c"?: any }"#
        ),
        // A union is never erased.
        (
            #"{"oneOf": [{"type": "string"}, {"properties": {"id": {"type": "number"}}}]}"#,
            "string | { id?: number }"
        ),
        (
            #"{"type": "object", "anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}"#,
            "{ a?: any } | { b?: any }"
        ),
        (
            #"{"allOf": [{"properties": {"a": {}}}, "#
                + #"{"anyOf": [{"type": "string"}, {"type": "null"}]}]}"#,
            "{ a?: any } & (string | null)"
        ),
        (
            ##"{"$ref": "#/$defs/node", "$defs": {"node": "##
                + ##"{"properties": {"next": {"$ref": "#/$defs/node"}}}}}"##,
            "type Node = { next?: Node };\nNode"
        ),
        (##"{"$ref": "https://example.com/s.json"}"##, "any /* $ref that is not followed */"),
        (##"{"$ref": "#/nowhere"}"##, "any /* $ref that is not followed */"),
        (
            #"{"properties": {"n": {"type": "integer", "minimum": 1, "default": 5, "#
                + #""description": "how\nmany"}}}"#,
            "{\n  n?: number; // how many; ≥ 1; default 5\n}"
        ),
    ]

    @Test("say what is allowed", arguments: types.indices)
    func type(_ index: Int) throws {
        #expect(try Self.type(Self.types[index].0) == Self.types[index].1)
    }

    @Test("are cut where they are deep or large, and always end")
    func bounds() throws {
        var deep: JSON = ["type": "string"]
        for _ in 0..<100 { deep = ["type": "array", "items": deep] }
        #expect(try Self.type(deep.text).count < 200)
        let members = (0..<2_000).map { ("p\($0)", JSON.object(["type": "string"])) }
        let wide: JSON = ["properties": .object(JSONObject(members))]
        let text = try Self.type(wide.text)
        #expect(text.contains("$describe"))
        #expect(text.count < 12_000)
    }

    /// Texts that would hide something or end a comment.
    @Test(
        "let no text of a server out of its place",
        arguments: ["*/ evil()", "a\u{202E}b", "a\nevil()", "a\u{2028}b", "a\u{0}b", "a\u{200B}b"])
    func hostile(_ text: String) {
        let tool = UpstreamTool(
            name: text, description: text,
            inputSchema: [
                "properties": .object([text: ["type": "string", "description": .string(text)]])
            ])
        let signature = ToolSignature(tool, server: text, names: ToolNames([text])).text
        for scalar in signature.unicodeScalars {
            #expect(scalar == "\n" || scalar.value >= 0x20)
            #expect(scalar.properties.generalCategory != .format)
        }
        #expect(!signature.contains("\u{2028}"))
        let lines = signature.split(separator: "\n")
        #expect(lines.allSatisfy { !$0.hasPrefix("evil") })
    }

    @Test("make a signature with the name that code uses")
    func signature() {
        let tool = UpstreamTool(
            name: "create-issue", description: "Creates an issue. It is then open.",
            inputSchema: [
                "type": "object", "properties": ["title": ["type": "string"]],
                "required": ["title"],
            ],
            outputSchema: ["type": "object", "properties": ["id": ["type": "integer"]]])
        let names = ToolNames(["create-issue"])
        let signature = ToolSignature(tool, server: "my-tracker", names: names)
        #expect(
            signature.text == """
                // Creates an issue
                tools["my-tracker"].create_issue(args: { title: string }): Promise<{ id?: number }>
                """)
    }
}
