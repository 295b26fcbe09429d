import Testing

@testable import Heaps

@Suite("Names, versions and references")
struct HeapNameTests {
    private static let digits = String(repeating: "0123456789abcdef", count: 4)

    @Test(
        "accepts a name",
        arguments: [
            "a", "0", "Z9", "my-heap", "my_heap.v2", "a..", String(repeating: "x", count: 128),
            String(digits.dropLast()),
        ])
    func acceptsName(_ text: String) throws {
        #expect(try HeapName(text).text == text)
    }

    @Test(
        "refuses a name and says what is allowed",
        arguments: [
            "", ".", "..", "-a", "_a", "a b", "a/b", "../a", "a\0", "é", "a\u{301}", "名",
            "a~1", "a@b", "a\n", String(repeating: "x", count: 129), digits, digits.uppercased(),
        ])
    func refusesName(_ text: String) throws {
        let error = #expect(throws: HeapError.self) { try HeapName(text) }
        #expect(error?.description.contains(HeapName.rule) == true)
    }

    @Test("cuts what it repeats of a wrong name")
    func cutsWrongName() {
        let error = #expect(throws: HeapError.self) {
            try HeapName(String(repeating: "é", count: 100_000))
        }
        #expect((error?.description.utf8.count ?? 0) < 400)
    }

    @Test(
        "encodes a name so that case does not matter",
        arguments: [
            ("counter", "counter"), ("MyHeap", "myheap~a"), ("A", "a~8"), ("aaaaB", "aaaab~08"),
            ("a_B-c.D", "a_b-c.d~22"),
        ])
    func encodesName(_ example: (name: String, encoded: String)) throws {
        let name = try HeapName(example.name)
        #expect(name.encoded == example.encoded)
        #expect(HeapName(encoded: example.encoded) == name)
    }

    @Test("encodes the longest name into what a file system takes")
    func encodesLongestName() throws {
        let name = try HeapName(String(repeating: "X", count: HeapName.byteCountMax))
        #expect(name.encoded.utf8.count <= 255)
        #expect(HeapName(encoded: name.encoded) == name)
    }

    @Test(
        "reads no other spelling of an encoded name",
        arguments: ["", "~", "A", "a~", "a~0", "a~80", "a~4", "1~8", "a~8~8", "a~g", ".tmp"])
    func refusesEncodedName(_ text: String) {
        #expect(HeapName(encoded: text) == nil)
    }

    @Test("a version has 64 lower-case hex digits and the 32 bytes they stand for")
    func version() throws {
        let version = try HeapVersion(Self.digits)
        #expect(version.digestBytes.prefix(3) == [0x01, 0x23, 0x45])
        #expect(HeapVersion(digestBytes: version.digestBytes) == version)
    }

    @Test(
        "refuses a version",
        arguments: ["", "0", digits + "0", String(digits.dropLast()), digits.uppercased()])
    func refusesVersion(_ text: String) {
        #expect(throws: HeapError.invalidVersion(given: text)) { try HeapVersion(text) }
    }

    @Test("reads references")
    func references() throws {
        let name = try HeapName("Counter")
        #expect(try HeapReference("Counter") == .head(name))
        #expect(try HeapReference("Counter@0123ABCD") == .inHistory(of: name, prefix: "0123abcd"))
        #expect(
            try HeapReference("Counter@" + Self.digits)
                == .inHistory(of: name, prefix: Self.digits))
        let version = HeapReference.version(try HeapVersion(Self.digits))
        #expect(try HeapReference(Self.digits) == version)
        #expect(try HeapReference(Self.digits.uppercased()) == version)
    }

    @Test(
        "refuses a reference",
        arguments: [
            "", "@", "a@", "@01234567", "a@0123456", "a@0123456g", "a@01234567@01234567",
            "a@" + digits + "0", "a b@01234567",
        ])
    func refusesReference(_ text: String) {
        #expect(throws: HeapError.self) { try HeapReference(text) }
    }

    @Test("a reference is described as it is written")
    func describesReferences() throws {
        for text in ["Counter", "Counter@0123abcd", Self.digits] {
            #expect(try HeapReference(text).description == text)
        }
    }
}
