import Testing

@testable import TypeScript

@Suite("Moving generated text to where its source was")
struct SourceLayoutTests {
    @Test("reads numbers of source maps, and refuses what are none")
    func numbers() {
        #expect(Base64Digits.numbers(ArraySlice("AAgBC".utf8)) == [0, 0, 16, 1])
        #expect(Base64Digits.numbers(ArraySlice("D".utf8)) == [-1])
        #expect(Base64Digits.numbers(ArraySlice("g".utf8)) == nil)
        #expect(Base64Digits.numbers(ArraySlice("A!".utf8)) == nil)
    }

    @Test("decodes base64, and refuses what is none")
    func base64() {
        #expect(Base64Digits.decode(ArraySlice("aGk=".utf8)) == Array("hi".utf8))
        #expect(Base64Digits.decode(ArraySlice("a-".utf8)) == nil)
    }

    @Test("moves pieces to their lines and columns")
    func moves() throws {
        // `a;` from 0:0, `b;` from 2:4.
        let map = try #require(SourceMap(mappings: ArraySlice("AAAA;AAEI".utf8)))
        #expect(SourceLayout.lay("a;\nb;\n", by: map) == "a;\n\n    b;\n")
    }

    @Test("keeps what follows `return` on its line")
    func restricted() throws {
        let map = try #require(SourceMap(mappings: ArraySlice("AAAA,OACE".utf8)))
        #expect(SourceLayout.lay("return a;", by: map) == "return a;")
    }

    @Test("refuses output that carries no map", arguments: ["", "a", "a;\n//# sourceMappingURL=x"])
    func noMap(_ output: String) {
        #expect(SourceMap.split(output)?.text == nil)
    }
}
