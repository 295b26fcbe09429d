import MCP
import MCPClient
import Testing

@testable import UpstreamTools

@Suite("Results as values")
struct ValueTests {
    private static func value(
        _ text: String, _ reading: UpstreamSettings.TextReading = .automatic
    ) throws -> UpstreamValue {
        let json = try JSON(parsing: Array(text.utf8))
        return try UpstreamValue(try #require(json.object), reading: reading)
    }

    static let values: [(String, UpstreamValue)] = [
        (#"{"content": []}"#, .nothing),
        (
            #"{"content": [{"type": "text", "text": "no"}], "structuredContent": {"a": 1}}"#,
            .json(["a": 1])
        ),
        (#"{"content": [{"type": "text", "text": " {\"a\": 1}\n"}]}"#, .json(["a": 1])),
        (#"{"content": [{"type": "text", "text": "[1, 2]"}]}"#, .json([1, 2])),
        (#"{"content": [{"type": "text", "text": "42"}]}"#, .json("42")),
        (#"{"content": [{"type": "text", "text": "true"}]}"#, .json("true")),
        (#"{"content": [{"type": "text", "text": "null"}]}"#, .json("null")),
        (#"{"content": [{"type": "text", "text": "\"q\""}]}"#, .json("\"q\"")),
        (#"{"content": [{"type": "text", "text": "{a: 1}"}]}"#, .json("{a: 1}")),
        (
            #"{"content": [{"type": "text", "text": "{\"a\":1} and more"}]}"#,
            .json("{\"a\":1} and more")
        ),
        (
            #"{"content": [{"type": "image", "data": "AAE=", "mimeType": "image/png"}]}"#,
            .blob(type: "image/png", bytes: [0, 1])
        ),
        (
            #"{"content": [{"type": "resource", "resource": {"uri": "u", "text": "[1]"}}]}"#,
            .json("[1]")
        ),
        (
            #"{"content": [{"type": "resource", "resource": {"uri": "u", "blob": "AA=="}}]}"#,
            .blob(type: "", bytes: [0])
        ),
        (
            #"{"content": [{"type": "resource_link", "uri": "u", "name": "n"}]}"#,
            .json(["uri": "u", "name": "n"])
        ),
        (
            #"{"content": [{"type": "text", "text": "[1]"}, {"type": "text", "text": "b"}]}"#,
            .object([
                .init(key: "content", value: .array([.json([1]), .json("b")])),
                .init(key: "text", value: .json("[1]\nb")),
            ])
        ),
    ]

    @Test("follow one table", arguments: values.indices)
    func table(_ index: Int) throws {
        #expect(try Self.value(Self.values[index].0) == Self.values[index].1)
    }

    @Test("leave texts alone, or insist on JSON, where the operator says so")
    func readings() throws {
        let text = #"{"content": [{"type": "text", "text": "[1]"}]}"#
        #expect(try Self.value(text, .never) == .json("[1]"))
        let plain = #"{"content": [{"type": "text", "text": "42"}]}"#
        #expect(try Self.value(plain, .always) == .json(42))
        let prose = #"{"content": [{"type": "text", "text": "prose"}]}"#
        #expect(throws: UpstreamError.self) { try Self.value(prose, .always) }
    }

    @Test("throw what the tool says of its failure")
    func failure() {
        do {
            _ = try Self.value(#"{"isError": true, "content": [{"type": "text", "text": "no"}]}"#)
            Issue.record("no failure")
        } catch let error as UpstreamError {
            #expect(error.kind == .failed)
            #expect(error.message == "no")
            #expect(error.details["result"]?["isError"] == true)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(
        "are refused where they make no sense",
        arguments: [
            "{}", #"{"content": {}}"#, #"{"content": [1]}"#, #"{"content": [{"type": "text"}]}"#,
            #"{"content": [{"type": "image", "data": "??"}]}"#, #"{"content": [{"type": "new"}]}"#,
            #"{"content": [{"text": "x"}]}"#, #"{"content": [{"type": "resource"}]}"#,
        ])
    func nonsense(_ text: String) {
        #expect(throws: UpstreamError.self) { try Self.value(text) }
    }

    @Test("are too large where they are too deep, and never cut")
    func deep() throws {
        let deep = String(repeating: "[", count: 201) + String(repeating: "]", count: 201)
        do {
            _ = try UpstreamValue(["content": [["type": "text", "text": .string(deep)]]])
            Issue.record("it was taken")
        } catch {
            #expect(error.kind == .tooLarge)
        }
    }
}

@Suite("Arguments")
struct ArgumentCheckTests {
    private static let schema = ##"""
        {"type": "object", "required": ["title"], "additionalProperties": false, "properties": {
          "title": {"type": "string", "minLength": 1, "maxLength": 5},
          "count": {"type": "integer", "minimum": 1, "maximum": 10},
          "state": {"enum": ["open", "closed"]},
          "labels": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
          "id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
          "node": {"$ref": "#/$defs/node"}
         }, "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}}
        """##

    private static func fault(_ arguments: String) throws -> String? {
        let schema = try #require(JSON(parsing: Array(Self.schema.utf8)).object)
        let given = try #require(JSON(parsing: Array(arguments.utf8)).object)
        return ArgumentCheck.fault(in: given, of: UpstreamTool(name: "t", inputSchema: schema))
    }

    @Test(
        "that fit are let through",
        arguments: [
            #"{"title": "a"}"#, #"{"title": "a", "count": 2.0, "state": "open"}"#,
            #"{"title": "a", "labels": ["x"], "id": null}"#,
            #"{"title": "a", "node": {"next": {"next": {"other": 1}}}}"#,
        ])
    func fitting(_ arguments: String) throws { #expect(try Self.fault(arguments) == nil) }

    static let faults: [(String, String)] = [
        ("{}", "title is missing"), (#"{"title": 1}"#, "title must be a string, not a number"),
        (#"{"title": ""}"#, "title must have at least 1 characters"),
        (#"{"title": "abcdef"}"#, "title must have at most 5 characters"),
        (#"{"title": "a", "count": 1.5}"#, "count must be an integer, not a number"),
        (#"{"title": "a", "count": 11}"#, "count must be at most 10, not 11"),
        (#"{"title": "a", "state": "new"}"#, #"state must be one of "open", "closed""#),
        (#"{"title": "a", "labels": ["x", 2]}"#, "labels[1] must be a string, not a number"),
        (
            #"{"title": "a", "labels": ["x", "y", "z"]}"#,
            "labels must have at most 2 elements, not 3"
        ),
        (
            #"{"title": "a", "id": 3}"#,
            "id must be a string, not a number, or id must be null, not a number"
        ),
        (#"{"title": "a", "node": {"next": 1}}"#, "node.next must be an object, not a number"),
        (
            #"{"title": "a", "titel": 1}"#,
            "titel is not known: there are title, count, state, labels, id, node"
        ),
    ]

    @Test("that do not fit are told with their place", arguments: faults.indices)
    func fault(_ index: Int) throws {
        #expect(try Self.fault(Self.faults[index].0) == Self.faults[index].1)
    }

    @Test("take bounded time, whatever the schema")
    func bounded() {
        let schema: JSONObject = [
            "$ref": "#/$defs/a",
            "$defs": ["a": ["allOf": [["$ref": "#/$defs/a"], ["$ref": "#/$defs/a"]]]],
        ]
        let tool = UpstreamTool(name: "t", inputSchema: schema)
        #expect(ArgumentCheck.fault(in: [:], of: tool) == nil)
    }
}
