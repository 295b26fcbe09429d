import Testing
import WorkerProtocol

@testable import V8

/// The event loop without V8 and without a clock: what comes is written down.
@Suite("The event loop")
struct EventLoopTests {
    @Test(
        "ends at once where nothing is left to run",
        arguments: [
            Progress.fulfilled, .failed, .terminated,
        ])
    func nothingLeft(_ progress: Progress) throws {
        let tasks = ScriptedTasks(drains: [progress])
        let (ending, waits) = try turn(tasks, events: [])
        #expect(ending == .over(progress))
        #expect(waits.isEmpty)
    }

    @Test(
        "runs nothing of code that did not begin",
        arguments: [
            Progress.failed, .failedToParse, .terminated,
        ])
    func notBegun(_ progress: Progress) throws {
        let tasks = ScriptedTasks(drains: [])
        let (ending, _) = try turn(tasks, after: progress, events: [])
        #expect(ending == .over(progress))
        #expect(tasks.log.isEmpty)
    }

    @Test("waits for one timer after the other, as long as each takes")
    func timers() throws {
        let tasks = ScriptedTasks(drains: [.waiting, .waiting, .fulfilled], delays: [5, 7])
        let (ending, waits) = try turn(tasks, events: [.timer, .timer])
        #expect(ending == .over(.fulfilled))
        #expect(waits == [5, 7])
        #expect(tasks.log == [.drain, .runTimer, .drain, .runTimer, .drain])
    }

    @Test("goes on for timers when the script's value is there")
    func timersAfterValue() throws {
        let tasks = ScriptedTasks(drains: [.fulfilled, .fulfilled], delays: [3])
        let (ending, waits) = try turn(tasks, events: [.timer])
        #expect(ending == .over(.fulfilled))
        #expect(waits == [3])
    }

    @Test("waits for what is left of a timer when something else came first")
    func frame() throws {
        let tasks = ScriptedTasks(
            drains: [.waiting, .waiting, .waiting, .fulfilled], delays: [10, 6, 1])
        let (ending, waits) = try turn(tasks, events: [.frame, .frame, .timer])
        #expect(ending == .over(.fulfilled))
        #expect(waits == [10, 6, 1])
        #expect(tasks.log == [.drain, .drain, .drain, .runTimer, .drain])
    }

    @Test("gives up where nothing is left that could settle what is awaited")
    func unsettled() throws {
        let tasks = ScriptedTasks(drains: [.waiting])
        let (ending, waits) = try turn(tasks, events: [])
        #expect(ending == .waiting(.unsettled(places: "somewhere")))
        #expect(waits.isEmpty)
    }

    @Test("waits until the deadline, and not for a timer behind it")
    func deadline() throws {
        let tasks = ScriptedTasks(drains: [.waiting], delays: [3_600_000])
        let (ending, waits) = try turn(tasks, deadline: 20, events: [.timer])
        #expect(ending == .waiting(.timeout(pending: "timers")))
        #expect(waits == [20])
        #expect(tasks.log == [.drain])
    }

    @Test("is over at the deadline though something came as it passed")
    func deadlineBehindFrame() throws {
        let tasks = ScriptedTasks(drains: [.waiting], delays: [30])
        let (ending, _) = try turn(tasks, deadline: 20, events: [.frame], late: 1)
        #expect(ending == .waiting(.timeout(pending: "timers")))
    }

    @Test("ends with a timer that fails", arguments: [Progress.failed, .terminated])
    func timerFails(_ progress: Progress) throws {
        let tasks = ScriptedTasks(drains: [.waiting], delays: [1], timer: progress)
        let (ending, _) = try turn(tasks, events: [.timer])
        #expect(ending == .over(progress))
        #expect(tasks.log == [.drain, .runTimer])
    }

    @Test("ends with the conversation, and runs nothing more")
    func hangUp() {
        let tasks = ScriptedTasks(drains: [.waiting, .waiting], delays: [9, 8])
        #expect(throws: Ended()) { try turn(tasks, events: [.frame]) }
        #expect(tasks.log == [.drain, .drain])
    }

    /// Turns the loop; how it ended, and how many milliseconds it would have waited each time.
    private func turn(
        _ tasks: ScriptedTasks, after start: Progress = .waiting, deadline: Double = 100_000,
        events: [Event], late: Double = 0
    ) throws(Ended) -> (LoopEnding, waits: [Double]) {
        var waiter = ScriptedWaiter(events: events, late: late)
        let end = ScriptedWaiter.start.adding(milliseconds: deadline)
        let ending = try tasks.turn(after: start, until: end, waiter: &waiter)
        #expect(waiter.events.isEmpty)
        return (ending, waiter.waits)
    }
}

/// Nothing more can come.
private struct Ended: Error, Equatable {}

/// What a script does, each time that it is asked.
private final class ScriptedTasks: RunTasks {
    enum Step: Equatable {
        case drain
        case runTimer
    }

    private(set) var log: [Step] = []
    private var drains: [Progress]
    private var delays: [Double]
    private let timer: Progress

    init(drains: [Progress], delays: [Double] = [], timer: Progress = .waiting) {
        self.drains = drains
        self.delays = delays
        self.timer = timer
    }

    let pendingAwaits = "somewhere"
    let pendingTimers = "timers"

    func drain() -> Progress {
        log.append(.drain)
        return drains.removeFirst()
    }

    var nextTimerDelay: Double { delays.isEmpty ? -1 : delays.removeFirst() }

    func runTimer() -> Progress {
        log.append(.runTimer)
        return timer
    }
}

/// Has events come when they are waited for: a timer in its time, anything else half way.
private struct ScriptedWaiter: Waiter {
    static let start = Deadline.after(milliseconds: 0)

    var events: [Event]
    /// Milliseconds that pass beyond what was waited for.
    let late: Double
    private(set) var waits: [Double] = []
    private(set) var now = start

    init(events: [Event], late: Double) {
        self.events = events
        self.late = late
    }

    mutating func wait(until moment: Deadline) throws(Ended) -> Event {
        guard !events.isEmpty else { throw Ended() }
        let milliseconds = Double(moment.microseconds(since: now)) / 1000
        waits.append(milliseconds)
        let event = events.removeFirst()
        let passed = event == .timer || late > 0 ? milliseconds : milliseconds / 2
        now = now.adding(milliseconds: passed + late)
        return event
    }
}
