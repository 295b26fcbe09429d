import Synchronization
import Testing

@testable import MCP

@Suite("Tasks", .timeLimit(.minutes(5)))
struct TaskTests {
    private static let owner = TaskOwner.conversation(1)
    private static let stranger = TaskOwner.conversation(2)

    private func withStore(
        limits: TaskLimits = TaskLimits(), time: ManualTime = ManualTime(),
        _ body: @Sendable (TaskStore) async throws -> Void
    ) async throws {
        let store = TaskStore(limits: limits, now: { time.now })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await store.run() }
            try await body(store)
            group.cancelAll()
        }
    }

    private static func result(_ text: String = "done") -> ToolResult {
        ToolResult(.success, text: text)
    }

    @Test("keep their result until their time is over")
    func timeToLive() async throws {
        let time = ManualTime()
        try await withStore(time: time) { store in
            let task = try store.begin(for: Self.owner, timeToLive: .seconds(90)) { _ in
                Self.result()
            }
            await task.ending.wait()
            time.advance(by: .seconds(89))
            guard case .ended = store.find(task.state.id, of: Self.owner)?.status else {
                Issue.record("The result is gone")
                return
            }
            time.advance(by: .seconds(2))
            #expect(store.find(task.state.id, of: Self.owner) == nil)
            #expect(store.all(of: Self.owner).isEmpty)
        }
    }

    @Test("that took longer than their time are kept for a while")
    func longTask() async throws {
        let time = ManualTime()
        try await withStore(time: time) { store in
            let gate = Signal()
            let task = try store.begin(for: Self.owner, timeToLive: .seconds(60)) { _ in
                await gate.wait()
                return Self.result()
            }
            time.advance(by: .seconds(600))
            #expect(store.find(task.state.id, of: Self.owner)?.isWorking == true)
            gate.send()
            await task.ending.wait()
            time.advance(by: .seconds(59))
            #expect(store.find(task.state.id, of: Self.owner) != nil)
            time.advance(by: .seconds(2))
            #expect(store.find(task.state.id, of: Self.owner) == nil)
        }
    }

    @Test("get the time that the limits allow", arguments: [(0, 60), (90, 90), (1_000_000, 3_600)])
    func clamping(wanted: Int, given: Int) async throws {
        try await withStore { store in
            let task = try store.begin(for: Self.owner, timeToLive: .seconds(wanted)) { _ in
                Self.result()
            }
            #expect(task.state.timeToLive == .seconds(given))
        }
    }

    @Test("are nobody else's")
    func ownership() async throws {
        try await withStore { store in
            let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result() }
            #expect(store.find(task.state.id, of: Self.stranger) == nil)
            #expect(store.cancel(task.state.id, of: Self.stranger) == nil)
            #expect(store.all(of: Self.stranger).isEmpty)
            #expect(store.all(of: Self.owner).map(\.id) == [task.state.id])
        }
    }

    @Test("stay cancelled, whatever comes of them")
    func cancelled() async throws {
        try await withStore { store in
            let ended = Signal()
            let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in
                await Signal().wait()
                ended.send()
                return Self.result()
            }
            guard case .cancelled = store.cancel(task.state.id, of: Self.owner)?.status else {
                Issue.record("The task was not cancelled")
                return
            }
            await ended.wait()
            guard case .cancelled = store.find(task.state.id, of: Self.owner)?.status else {
                Issue.record("The task has another end")
                return
            }
        }
    }

    @Test("are bounded in number for each client")
    func workingCount() async throws {
        try await withStore(limits: TaskLimits(workingCountMax: 2)) { store in
            for _ in 0..<2 {
                _ = try store.begin(for: Self.owner, timeToLive: nil) { _ in
                    await Signal().wait()
                    return Self.result()
                }
            }
            #expect(throws: MCPError.self) {
                _ = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result() }
            }
            _ = try store.begin(for: Self.stranger, timeToLive: nil) { _ in Self.result() }
        }
    }

    @Test("make room for new ones, the oldest first")
    func count() async throws {
        let time = ManualTime()
        try await withStore(limits: TaskLimits(countMax: 2), time: time) { store in
            var ids: [String] = []
            for _ in 0..<3 {
                let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result() }
                await task.ending.wait()
                ids.append(task.state.id)
                time.advance(by: .seconds(1))
            }
            #expect(store.all(of: Self.owner).map(\.id) == Array(ids.dropFirst()))
        }
    }

    @Test("are bounded in what their results take, the oldest go first")
    func byteCount() async throws {
        let time = ManualTime()
        try await withStore(limits: TaskLimits(resultByteCountMax: 2_500), time: time) { store in
            var ids: [String] = []
            for _ in 0..<3 {
                let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in
                    Self.result(String(repeating: "x", count: 1_000))
                }
                await task.ending.wait()
                ids.append(task.state.id)
                time.advance(by: .seconds(1))
            }
            #expect(store.all(of: Self.owner).map(\.id) == Array(ids.dropFirst()))
        }
    }

    @Test("tell who waits of a result that is too large to be kept beside others")
    func largeResult() async throws {
        try await withStore(limits: TaskLimits(resultByteCountMax: 1_500)) { store in
            let gate = Signal()
            let oldest = try store.begin(for: Self.owner, timeToLive: nil) { _ in
                await gate.wait()
                return Self.result(String(repeating: "x", count: 3_000))
            }
            let newer = try store.begin(for: Self.owner, timeToLive: nil) { _ in
                Self.result(String(repeating: "x", count: 1_000))
            }
            await newer.ending.wait()
            gate.send()
            await oldest.ending.wait()
            guard case .ended = store.find(oldest.state.id, of: Self.owner)?.status else {
                Issue.record("The result is gone before anybody could ask for it")
                return
            }
            #expect(store.find(newer.state.id, of: Self.owner) == nil, "which ended before")
        }
    }

    @Test("tell who waits of their end though another took their place meanwhile")
    func droppedResult() async throws {
        try await withStore(limits: TaskLimits(resultByteCountMax: 1)) { store in
            let first = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result("1") }
            let ending = try #require(store.ending(of: first.state.id, of: Self.owner))
            await first.ending.wait()
            let second = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result("2") }
            await second.ending.wait()
            #expect(store.find(first.state.id, of: Self.owner) == nil)
            await ending.wait()
            guard case .ended(Self.result("1")) = ending.state?.status else {
                Issue.record("Who waited is told nothing")
                return
            }
        }
    }

    @Test("that were not begun end with the store too")
    func unbegun() async throws {
        let store = TaskStore(limits: TaskLimits(), now: { .now })
        let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in
            await Signal().wait()
            return Self.result()
        }
        let running = Task { await store.run() }
        running.cancel()
        await running.value
        await task.ending.wait()
        #expect(task.ending.state?.isWorking == false)
    }

    @Test("end with the store")
    func shutdown() async throws {
        let store = TaskStore(limits: TaskLimits(), now: { .now })
        let running = Task { await store.run() }
        let began = Signal()
        let task = try store.begin(for: Self.owner, timeToLive: nil) { _ in
            began.send()
            await Signal().wait()
            return Self.result()
        }
        await began.wait()
        running.cancel()
        await running.value
        await task.ending.wait()
        guard case .cancelled = store.find(task.state.id, of: Self.owner)?.status else {
            Issue.record("The task works on")
            return
        }
        #expect(throws: MCPError.self) {
            _ = try store.begin(for: Self.owner, timeToLive: nil) { _ in Self.result() }
        }
    }

    @Test(
        "have times that people read",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_785_283_200_000, "2026-07-29T00:00:00.000Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ])
    func times(milliseconds: Int64, text: String) {
        #expect(UTCTime.text(millisecondsSince1970: milliseconds) == text)
    }
}

@Suite("Log messages")
struct LogTests {
    private static func reporter(
        _ threshold: LogLevel, _ time: ManualTime, _ recorder: Recorder
    ) -> LogReporter {
        LogReporter(threshold: threshold, now: { time.now }, notify: { recorder.record($0) })
    }

    @Test("come from the wanted level on")
    func threshold() {
        let recorder = Recorder()
        let reporter = Self.reporter(.warning, ManualTime(), recorder)
        for level in LogLevel.allCases { reporter.log(level, "x") }
        #expect(recorder.all.count == 5)
    }

    @Test("are bounded, and it is told how many were left out")
    func rate() {
        let (recorder, time) = (Recorder(), ManualTime())
        let reporter = Self.reporter(.debug, time, recorder)
        for index in 0..<80 { reporter.log(.info, "\(index)") }
        #expect(recorder.all.count == LogReporter.burstCount)
        time.advance(by: .seconds(1))
        for index in 80..<200 { reporter.log(.info, "\(index)") }
        #expect(recorder.all.count == LogReporter.burstCount + LogReporter.countPerSecond + 1)
        #expect(recorder.all[LogReporter.burstCount].contains("30 lines were left out"))
    }

    @Test("stop with their call")
    func close() {
        let recorder = Recorder()
        let reporter = Self.reporter(.debug, ManualTime(), recorder)
        reporter.close()
        reporter.log(.error, "late")
        #expect(recorder.all.isEmpty)
    }
}
