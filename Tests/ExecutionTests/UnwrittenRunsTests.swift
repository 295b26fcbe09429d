import Heaps
import Testing
import WorkerProtocol

@testable import Execution

@Suite("Runs whose states are not written")
struct UnwrittenRunsTests {
    private let delay = Duration.milliseconds(500)
    private var runs: UnwrittenRuns

    init() { runs = UnwrittenRuns(savingDelay: delay) }

    private func run(_ number: UInt32) -> RunDescription {
        RunDescription(
            engine: FakeSource.engine, durationMicroseconds: 1, heapByteCount: 1, runNumber: number,
            code: "")
    }

    /// Runs at a time, and returns how long the state may be kept.
    private mutating func leave(_ number: UInt32, at milliseconds: Int64) -> Duration {
        let now = Duration.milliseconds(milliseconds)
        let kept = runs.delay(at: now)
        runs.append(run(number), at: now, delay: kept)
        return kept
    }

    @Test("runs that come quickly do not put the first one off")
    mutating func dueInTime() {
        #expect(leave(1, at: 0) == delay)
        #expect(leave(2, at: 400) <= .milliseconds(200))
        #expect(leave(3, at: 500) == UnwrittenRuns.delayMin)
        #expect(leave(4, at: 510) == delay)
    }

    @Test("a fork that waits by itself does not begin before the one that is due would")
    mutating func waitsLonger() {
        _ = leave(1, at: 0)
        #expect(leave(2, at: 490) > .milliseconds(50))
    }

    @Test("one state is written at a time")
    mutating func oneAtATime() {
        _ = leave(1, at: 0)
        _ = leave(2, at: 500)
        for number in 3..<10 {
            #expect(leave(UInt32(number), at: Int64(number) * 300) == delay)
        }
        runs.removeWritten(upTo: 2, at: .milliseconds(3000), took: .milliseconds(200))
        _ = leave(10, at: 3000)
        #expect(leave(11, at: 3200) == UnwrittenRuns.delayMin)
    }

    @Test("a fork that has waited for its time is taken to write")
    mutating func begunByItself() {
        #expect(leave(1, at: 0) == delay)
        #expect(leave(2, at: 600) == delay)
    }

    @Test("writing takes half of the time, but none is put off for more than twice the delay")
    mutating func rest() {
        _ = leave(1, at: 0)
        _ = leave(2, at: 500)
        _ = leave(3, at: 510)
        runs.removeWritten(upTo: 2, at: .milliseconds(900), took: .milliseconds(600))
        #expect(leave(4, at: 1000) != UnwrittenRuns.delayMin)
        #expect(leave(5, at: 1490) != UnwrittenRuns.delayMin)
        #expect(leave(6, at: 1500) == UnwrittenRuns.delayMin)
        _ = leave(7, at: 1510)
        runs.removeWritten(upTo: 6, at: .milliseconds(1900), took: .milliseconds(2000))
        #expect(leave(8, at: 2000) != UnwrittenRuns.delayMin)
        #expect(leave(9, at: 2890) != UnwrittenRuns.delayMin)
        #expect(leave(10, at: 2900) == UnwrittenRuns.delayMin)
    }

    @Test("a fork that may not have begun yet is taken not to write")
    mutating func notSure() {
        #expect(leave(1, at: 0) == delay)
        #expect(leave(2, at: 510) == UnwrittenRuns.delayMin)
    }

    @Test("a state is late after ten times the delay, however long writing takes")
    mutating func late() {
        #expect(!runs.isLate(at: .seconds(100)))
        _ = leave(1, at: 0)
        #expect(!runs.isLate(at: .milliseconds(5000)))
        #expect(runs.isLate(at: .milliseconds(5001)))
        runs.removeWritten(upTo: 1, at: .milliseconds(5001), took: .seconds(5))
        _ = leave(2, at: 6000)
        #expect(!runs.isLate(at: .milliseconds(11_000)))
        #expect(runs.isLate(at: .milliseconds(11_001)))
    }
}
