import Testing

@testable import UpstreamTools

@Suite("Names of tools")
struct ToolNamesTests {
    private let names = ToolNames(["list-issues", "list_issues", "get-me", "then", "9lives"])

    @Test("work exactly as they are")
    func exact() {
        #expect(names.meaning(of: "list-issues") == .tool("list-issues"))
        #expect(names.meaning(of: "list_issues") == .tool("list_issues"))
    }

    @Test("have an alias where it is their own")
    func alias() {
        #expect(names.meaning(of: "get_me") == .tool("get-me"))
        #expect(names.meaning(of: "_9lives") == .tool("9lives"))
    }

    @Test("have none that two would have")
    func ambiguous() {
        let names = ToolNames(["a-b", "a.b"])
        #expect(names.meaning(of: "a_b") == .ambiguous(["a-b", "a.b"]))
        #expect(names.reference(to: "a-b") == #"["a-b"]"#)
    }

    @Test("that are not known bring the nearest to mind")
    func nearest() {
        guard case .unknown(let nearest) = names.meaning(of: "list_issue") else {
            Issue.record("it is known")
            return
        }
        #expect(nearest.first == "list_issues")
    }

    @Test("that mean something else in JavaScript are called by name")
    func reserved() { #expect(names.reference(to: "then") == nil) }
}
