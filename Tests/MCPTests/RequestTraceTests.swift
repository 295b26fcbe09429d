import MCP
import Testing

@Suite("Trace parent")
struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(
        "is read where it is one",
        arguments: ["00-\(trace)-\(span)-01", "00-\(trace)-\(span)-00", "01-\(trace)-\(span)-01-x"])
    func good(_ text: String) throws {
        let parent = try #require(TraceParent(text))
        #expect(parent.traceID == Self.trace && parent.spanID == Self.span)
    }

    @Test(
        "is nothing where it is none",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-x", "ff-\(trace)-\(span)-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)x-\(span)-01",
            "00-\(trace)-\(span)-0g", "0-\(trace)-\(span)-01", " 00-\(trace)-\(span)-01",
        ])
    func bad(_ text: String) {
        #expect(TraceParent(text) == nil)
    }
}
