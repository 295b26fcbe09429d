import Testing

@testable import V8

@Suite("A deadline")
struct DeadlineTests {
    private let start = Deadline.after(milliseconds: 0)

    @Test("is as much later as is added", arguments: [0, 0.001, 1, 1.5, 86_400_000])
    func adding(_ milliseconds: Double) {
        let later = start.adding(milliseconds: milliseconds)
        #expect(Double(later.microseconds(since: start)) == milliseconds * 1000)
    }

    @Test(
        "is never reached where more is added than the clock can count",
        arguments: [Double.infinity, .nan, 1e30, 1.9e13])
    func beyond(_ milliseconds: Double) {
        #expect(start.adding(milliseconds: milliseconds) == .never)
        #expect(Deadline.never.adding(milliseconds: 1) == .never)
    }

    @Test("has nothing left once it has passed")
    func left() {
        #expect(start.nanosecondsLeft == 0)
        #expect(start.adding(milliseconds: 60_000).nanosecondsLeft > 0)
        #expect(Deadline.never.nanosecondsLeft > 0)
    }
}
