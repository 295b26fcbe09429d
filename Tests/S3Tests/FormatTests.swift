import Testing

@testable import S3

@Suite("Formats of AWS")
struct FormatTests {
    @Test(
        "reads and writes moments",
        arguments: [
            ("1970-01-01T00:00:00Z", "19700101T000000Z"),
            ("2000-02-29T23:59:59Z", "20000229T235959Z"),
            ("2026-11-27T09:48:35.250Z", "20261127T094835Z"),
            ("2026-11-27T09:48:35+01:30", "20261127T081835Z"),
            ("2100-03-01T00:00:00Z", "21000301T000000Z"),
        ])
    func moments(_ example: (text: String, basic: String)) throws {
        #expect(try #require(Timestamp(iso8601: example.text)).basicText == example.basic)
    }

    @Test("reads HTTP's dates")
    func httpDates() throws {
        let moment = try #require(Timestamp(httpDate: "Fri, 27 Nov 2026 09:48:35 GMT"))
        #expect(moment.basicText == "20261127T094835Z")
    }

    @Test(
        "refuses what is no moment",
        arguments: ["", "2026-11-27", "2026-13-01T00:00:00Z", "2026-11-27T09:48:35", "yesterday"])
    func badMoments(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
        #expect(Timestamp(httpDate: text) == nil)
    }

    @Test(
        "writes base64",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ example: (text: String, encoded: String)) {
        #expect(base64Text(of: example.text.utf8) == example.encoded)
    }

    @Test("computes CRC-64/NVME, whole and in pieces")
    func checksum() {
        var sum = CRC64NVME()
        sum.update(Array("123456789".utf8)[...])
        #expect(sum.value == 0xAE8B_1486_0A79_9888)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var whole = CRC64NVME()
        whole.update(bytes[...])
        var pieces = CRC64NVME()
        for start in stride(from: 0, to: 1000, by: 7) {
            pieces.update(bytes[start..<min(start + 7, 1000)])
        }
        #expect(whole.value == pieces.value)
    }

    @Test("reads XML with names, entities and what may be skipped")
    func xml() throws {
        let text =
            "<?xml version=\"1.0\"?><!-- a --><s3:Error xmlns:s3=\"x\"><Code>No&amp;&#x41;</Code>"
            + "<Empty/><Inner><Region>eu</Region></Inner></s3:Error>"
        let document = try #require(XMLElement(Array(text.utf8)))
        #expect(document.name == "Error")
        #expect(document.text(of: "Code") == "No&A")
        #expect(document.first("Region")?.text == "eu")
        #expect(document.text(of: "Missing") == nil)
    }

    @Test(
        "refuses what is no XML, and what nests without an end",
        arguments: ["", "no", "<a>", "<a></b>", "<a", String(repeating: "<a>", count: 100)])
    func badXML(_ text: String) {
        #expect(XMLElement(Array(text.utf8)) == nil)
    }
}
