import MCP
import Testing

@Suite("Arguments of tools")
struct ToolArgumentTests {
    private func result(of arguments: String) async throws -> JSON {
        let client = TestClient()
        await client.initialize(.november2025)
        let json = try await client.json(
            of: Message.legacy("tools/call", #"{"name":"echo","arguments":\#(arguments)}"#))
        return try #require(json["result"])
    }

    @Test(
        "that have one meaning are given to the tool, without those that are absent",
        arguments: [
            (#"{"text":"x"}"#, #"{"text":"x"}"#),
            (#"{"text":"12345678"}"#, #"{"text":"12345678"}"#),
            (#"{"text":"","count":1}"#, #"{"text":"","count":1}"#),
            (#"{"text":"","count":10.0}"#, #"{"text":"","count":10.0}"#),
            (#"{"text":"","loud":false,"tone":"low"}"#, #"{"text":"","loud":false,"tone":"low"}"#),
            (#"{"text":"","count":null,"loud":null,"tone":null}"#, #"{"text":""}"#),
            (#"{"text":"","count":"","loud":"","tone":""}"#, #"{"text":""}"#),
            (#"{"text":"x","count":"3"}"#, #"{"text":"x","count":3}"#),
            (#"{"text":"x","count":" 10.0 "}"#, #"{"text":"x","count":10.0}"#),
            (#"{"text":"x","loud":"true"}"#, #"{"text":"x","loud":true}"#),
            (#"{"text":"x","loud":"False"}"#, #"{"text":"x","loud":false}"#),
            (#"{"text":"x","tone":"LOW"}"#, #"{"text":"x","tone":"low"}"#),
            (#"{"text":"x","tone":"Deep"}"#, #"{"text":"x","tone":"low"}"#),
            (#"{"words":"x"}"#, #"{"text":"x"}"#),
            (#"{"text":null,"words":"x"}"#, #"{"text":"x"}"#),
            (#"{"text":"x","words":"x"}"#, #"{"text":"x"}"#),
            (#""{\"text\":\"x\",\"count\":3}""#, #"{"text":"x","count":3}"#),
        ])
    func accepted(arguments: String, expected: String) async throws {
        let result = try await result(of: arguments)
        #expect(result["content"]?.array?.first?["text"]?.string == expected)
        #expect(result["isError"] == false)
    }

    @Test(
        "that do not fit are explained to the model",
        arguments: [
            ("{}", "Argument \"text\" is required: a string of at most 8 bytes."),
            (#"{"text":null}"#, "Argument \"text\" is required: a string of at most 8 bytes."),
            (#"{"text":3}"#, "Argument \"text\" must be a string of at most 8 bytes, not 3."),
            (
                #"{"text":"éééé1"}"#,
                "Argument \"text\" must be a string of at most 8 bytes, not the string \"éééé1\"."
            ),
            (
                #"{"text":"x","count":0}"#,
                "Argument \"count\" must be an integer from 1 to 10, not 0."
            ),
            (
                #"{"text":"x","count":11}"#,
                "Argument \"count\" must be an integer from 1 to 10, not 11."
            ),
            (
                #"{"text":"x","count":1.5}"#,
                "Argument \"count\" must be an integer from 1 to 10, not 1.5."
            ),
            (
                #"{"text":"x","count":"30"}"#,
                "Argument \"count\" must be an integer from 1 to 10, not the string \"30\"."
            ),
            (
                #"{"text":"x","count":"three"}"#,
                "Argument \"count\" must be an integer from 1 to 10, not the string \"three\"."
            ),
            (
                #"{"text":"x","loud":"yes"}"#,
                "Argument \"loud\" must be true or false, not the string \"yes\"."
            ),
            (
                #"{"text":"x","loud":1}"#,
                "Argument \"loud\" must be true or false, not 1."
            ),
            (
                #"{"text":"x","words":"y"}"#,
                "Arguments \"text\" and \"words\" mean the same: give \"text\" only."
            ),
            (
                #"{"text":"x","tone":["low"]}"#,
                "Argument \"tone\" must be one of \"high\", \"low\", not an array."
            ),
            (
                #"{"text":"x","code":"1","volume":2}"#,
                "Unknown argument \"code\", \"volume\". Allowed: text, count, loud, tone."
            ),
            (
                #"{"count":"no","x":1}"#,
                """
                Argument "text" is required: a string of at most 8 bytes.
                Argument "count" must be an integer from 1 to 10, not the string "no".
                Unknown argument "x". Allowed: text, count, loud, tone.
                """
            ),
        ])
    func explained(arguments: String, expected: String) async throws {
        let result = try await result(of: arguments)
        #expect(result["content"]?.array?.first?["text"]?.string == expected)
        #expect(result["isError"] == true)
        let error = result["structuredContent"]?["error"]
        #expect(error?["kind"] == "invalid" && error?["message"]?.string == expected)
    }

    @Test(
        "may be left out where none is required",
        arguments: ["", #","arguments":null"#, #","arguments":[]"#])
    func absent(arguments: String) async throws {
        let tool = Tool(
            name: "none", title: "None", description: "Takes none.", parameters: [],
            annotations: .harmless, call: { _, _ in ToolResult(.success, text: "fine") })
        let json = try await TestClient(tools: [tool]).json(
            of: Message.legacy("tools/call", #"{"name":"none"\#(arguments)}"#))
        #expect(json["result"]?["isError"] == false)
    }

    @Test("have a schema of plain types")
    func schema() async throws {
        let json = try await TestClient().json(of: Message.legacy("tools/list"))
        let schema = json["result"]?["tools"]?.array?.first?["inputSchema"]
        #expect(
            schema?.text == """
                {"type":"object","properties":{"text":{"type":"string","description":"What."},\
                "count":{"type":"integer","minimum":1,"maximum":10,\
                "description":"1 to 10. How often."},\
                "loud":{"type":"boolean","description":"How."},"tone":{"type":"string",\
                "enum":["high","low"],"description":"Which."}},"required":["text"],\
                "additionalProperties":false}
                """)
    }
}
