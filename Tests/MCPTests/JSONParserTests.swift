import MCP
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    @Test(
        "refuses what is no JSON and says where",
        arguments: [
            ("", JSONFault.unexpectedEnd, 0),
            ("  ", .unexpectedEnd, 2),
            ("nul", .unexpectedEnd, 3),
            ("nulL", .unexpectedByte, 3),
            ("True", .unexpectedByte, 0),
            ("NaN", .unexpectedByte, 0),
            ("Infinity", .unexpectedByte, 0),
            ("+1", .unexpectedByte, 0),
            (".5", .unexpectedByte, 0),
            ("-", .unexpectedEnd, 1),
            ("-a", .invalidNumber, 1),
            ("01", .unexpectedByte, 1),
            ("1.", .unexpectedEnd, 2),
            ("1.x", .invalidNumber, 2),
            ("1e", .unexpectedEnd, 2),
            ("1e+]", .invalidNumber, 3),
            ("0x10", .unexpectedByte, 1),
            ("'a'", .unexpectedByte, 0),
            ("\"a", .unexpectedEnd, 2),
            ("\"a\\", .unexpectedEnd, 3),
            ("\"\\x41\"", .invalidEscape, 2),
            ("\"\\u12g4\"", .invalidEscape, 2),
            ("\"\\u12", .invalidEscape, 2),
            ("\"\n\"", .controlCharacter, 1),
            ("\"\u{0}\"", .controlCharacter, 1),
            ("[", .unexpectedEnd, 1),
            ("[1", .unexpectedEnd, 2),
            ("[1,", .unexpectedEnd, 3),
            ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1),
            ("[1 2]", .unexpectedByte, 3),
            ("{", .unexpectedEnd, 1),
            ("{\"a\"}", .unexpectedByte, 4),
            ("{\"a\":}", .unexpectedByte, 5),
            ("{\"a\":1,}", .unexpectedByte, 7),
            ("{a:1}", .unexpectedByte, 1),
            ("{1:1}", .unexpectedByte, 1),
            ("[1}", .unexpectedByte, 2),
            ("1 2", .unexpectedByte, 2),
            ("{} x", .unexpectedByte, 3),
            ("\u{FEFF}{}", .unexpectedByte, 0),
            ("// x\n1", .unexpectedByte, 0),
        ])
    func refusesMalformed(text: String, fault: JSONFault, offset: Int) {
        let expected = MCPError.malformedJSON(fault, offset: offset)
        #expect(throws: expected) { try JSON(parsing: Array(text.utf8)) }
        #expect(throws: expected) { try RawJSON(validating: Array(text.utf8)) }
    }

    @Test(
        "refuses bytes that are no UTF-8",
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ] as [[UInt8]])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        let expected = MCPError.malformedJSON(.invalidUTF8, offset: 1)
        #expect(throws: expected) { try JSON(parsing: bytes) }
    }

    @Test(
        "keeps every text exactly",
        arguments: [
            "null", "true", "false", "0", "-0", "12345678901234567890123", "-1.50", "1E+400",
            "\"\"", "\"é\u{2027}\u{202A}😀\u{7F}\"", "[]", "{}", "[1,[2,{\"a\":[]}],null]",
            "{\"z\":1,\"a\":2,\"\":3}", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"",
        ])
    func keepsExactly(text: String) throws {
        #expect(try JSON(parsing: Array(text.utf8)).text == text)
    }

    @Test(
        "decodes escapes",
        arguments: [
            (#""\/""#, "/"), (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00""#, "😀"),
            (#""x\n\\ny""#, "x\n\\ny"),
        ])
    func decodesEscapes(text: String, expected: String) throws {
        #expect(try JSON(parsing: Array(text.utf8)) == .string(expected))
    }

    @Test(
        "reads half a surrogate pair as U+FFFD",
        arguments: [
            (#""\ud800""#, "\u{FFFD}"), (#""\udc00a""#, "\u{FFFD}a"),
            (#""\ud800\ud800\udc00""#, "\u{FFFD}\u{10000}"), (#""\ud800\n""#, "\u{FFFD}\n"),
            (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800x""#, "\u{FFFD}x"),
        ])
    func replacesLoneSurrogates(text: String, expected: String) throws {
        #expect(try JSON(parsing: Array(text.utf8)) == .string(expected))
    }

    @Test("lets the last of equal keys win, in the place of the first")
    func lastDuplicateWins() throws {
        let json = try JSON(parsing: Array(#"{"a":1,"b":2,"a":3}"#.utf8))
        #expect(json.text == #"{"a":3,"b":2}"#)
    }

    @Test("ignores white space between tokens")
    func ignoresWhitespace() throws {
        let json = try JSON(parsing: Array(" { \"a\" :\t[ 1 , 2 ]\r\n}\n".utf8))
        #expect(json.text == #"{"a":[1,2]}"#)
    }

    @Test("reads as deep as the limit", arguments: ["[", "{\"a\":"])
    func readsToDepthLimit(opening: String) throws {
        let limits = JSONLimits(depthMax: 128)
        _ = try JSON(parsing: nested(opening, depth: 128), limits: limits)
        _ = try RawJSON(validating: nested(opening, depth: 128), limits: limits)
    }

    @Test("refuses one level more than the limit", arguments: ["[", "{\"a\":"])
    func refusesBeyondDepthLimit(opening: String) {
        let limits = JSONLimits(depthMax: 128)
        let text = nested(opening, depth: 129)
        let expected = MCPError.malformedJSON(.tooDeep, offset: opening.utf8.count * 128)
        #expect(throws: expected) { try JSON(parsing: text, limits: limits) }
        #expect(throws: expected) { try RawJSON(validating: text, limits: limits) }
    }

    @Test("reads as many bytes as the limit and not one more")
    func limitsBytes() throws {
        let text = Array("[1,2]".utf8)
        _ = try JSON(parsing: text, limits: JSONLimits(byteCountMax: 5))
        #expect(throws: MCPError.malformedJSON(.tooLong, offset: 4)) {
            try JSON(parsing: text, limits: JSONLimits(byteCountMax: 4))
        }
    }

    @Test("reads as many values as the limit and not one more")
    func limitsValues() throws {
        let text = Array("[1,2]".utf8)
        _ = try JSON(parsing: text, limits: JSONLimits(valueCountMax: 3))
        #expect(throws: MCPError.malformedJSON(.tooManyValues, offset: 3)) {
            try JSON(parsing: text, limits: JSONLimits(valueCountMax: 2))
        }
    }

    @Test("reads a megabyte of code in a string")
    func readsLongStrings() throws {
        let code = String(repeating: "let x = \"a\\b\";\n\té😀", count: 50_000)
        let json = JSON.object(["code": .string(code)])
        #expect(try JSON(parsing: json.encoded())["code"]?.string == code)
    }

    @Test("reads back whatever it writes", arguments: 0..<100 as Range<UInt64>)
    func roundTrips(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let json = JSON.random(depth: 5, using: &generator)
        let text = json.encoded()
        #expect(try JSON(parsing: text) == json)
        #expect(try RawJSON(validating: text).bytes == text)
        #expect(!text.contains(UInt8(ascii: "\n")))
    }

    @Test("never crashes on damaged text", arguments: 0..<100 as Range<UInt64>)
    func survivesDamage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var text = JSON.random(depth: 5, using: &generator).encoded()
        for _ in 0..<3 {
            let index = text.indices.randomElement(using: &generator) ?? 0
            text[index] = UInt8.random(in: 0...255, using: &generator)
        }
        let parsed = Result { try JSON(parsing: text) }
        let validated = Result { try RawJSON(validating: text) }
        #expect((try? parsed.get()) != nil || (try? validated.get()) == nil)
    }

    private func nested(_ opening: String, depth: Int) -> [UInt8] {
        let closing = opening == "[" ? "]" : "}"
        let leaf = opening == "[" ? "" : "0"
        let text =
            String(repeating: opening, count: depth) + leaf
            + String(repeating: closing, count: depth)
        return Array(text.utf8)
    }
}
