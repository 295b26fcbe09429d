import MCP
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test(
        "numbers are integers where they are exact",
        arguments: [
            ("3", 3), ("3.0", 3), ("3e2", 300), ("-0", 0), ("3.5", nil), ("1e400", nil),
            ("9223372036854775807", Int.max), ("9223372036854775808", nil), ("1e17", nil),
        ] as [(String, Int?)])
    func integers(text: String, expected: Int?) throws {
        #expect(try JSON(parsing: Array(text.utf8)).integer == expected)
    }

    @Test("doubles that JSON cannot spell are no numbers", arguments: [Double.infinity, .nan])
    func refusesNonFinite(value: Double) {
        #expect(JSONNumber(value) == nil)
    }

    @Test(
        "line breaks of every kind are escaped, and nothing beside them",
        arguments: [
            ("a\u{2028}b", #""a\u2028b""#), ("\u{2029}", #""\u2029""#), ("\u{85}", #""\u0085""#),
            ("\u{2028}\u{85}\n\u{2029}", #""\u2028\u0085\n\u2029""#),
            ("\u{2027}\u{202A}\u{84}\u{86}é", "\"\u{2027}\u{202A}\u{84}\u{86}é\""),
        ])
    func lineBreaks(text: String, expected: String) throws {
        #expect(JSON.string(text).text == expected)
        #expect(JSON.object(JSONObject([(text, JSON.boolean(true))])).text == "{\(expected):true}")
        #expect(try JSON(parsing: Array(expected.utf8)) == .string(text))
    }

    @Test("members keep their order when one is replaced, added and removed")
    func editsMembers() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = "x"
        object["c"] = true
        object["b"] = nil
        #expect(JSON.object(object).text == #"{"a":"x","c":true}"#)
    }

    @Test(
        "raw text is written as it is, on one line",
        arguments: [
            ("1.50", "1.50"), ("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"),
            ("{\n\"a\":\r\n1}", "{ \"a\":  1}"), (#""\n""#, #""\n""#),
            (#""\ud83d\ude00""#, #""\ud83d\ude00""#), (#""\ud83dx""#, #""\ufffdx""#),
            (#"["\udc00","\ud800\ud83d\ude00"]"#, #"["\ufffd","\ufffd\ud83d\ude00"]"#),
            (#""\\ud800""#, #""\\ud800""#),
            ("[\"\u{2028}a\u{85}\u{2029}\"]", #"["\u2028a\u0085\u2029"]"#),
            ("\"\u{2027}\u{202A}\u{84}\u{a0}\"", "\"\u{2027}\u{202A}\u{84}\u{a0}\""),
        ])
    func raw(text: String, expected: String) throws {
        let raw = try RawJSON(validating: Array(text.utf8))
        #expect(JSON.raw(raw).text == expected)
    }
}
