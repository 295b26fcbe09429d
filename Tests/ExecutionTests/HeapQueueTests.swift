import Heaps
import Testing

@testable import Execution

@Suite("Heap queue", .timeLimit(.minutes(5)))
struct HeapQueueTests {
    private let queue = HeapQueue(waitingCountMax: 3)

    @Test("gives a heap to those who wait in the order in which they came")
    func fifo() async throws {
        let heap = try HeapName("a")
        let (order, continuation) = AsyncStream<Int>.makeStream()
        try await queue.takeTurn(on: heap)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask { [queue] in
                    try await queue.takeTurn(on: heap)
                    continuation.yield(number)
                    queue.passTurn(on: heap)
                }
                await eventually { queue.waitingCount(on: heap) == number + 1 }
            }
            queue.passTurn(on: heap)
            try await group.waitForAll()
        }
        continuation.finish()
        #expect(await order.reduce(into: []) { $0.append($1) } == [0, 1, 2])
        #expect(queue.waitingCount(on: heap) == 0)
    }

    @Test("refuses one more than may wait, and says what to do")
    func bound() async throws {
        let heap = try HeapName("a")
        try await queue.takeTurn(on: heap)
        let waiting = (0..<3).map { _ in Task { [queue] in try await queue.takeTurn(on: heap) } }
        await eventually { queue.waitingCount(on: heap) == 3 }
        let failure = await #expect(throws: ExecutionFailure.self) {
            try await queue.takeTurn(on: heap)
        }
        #expect(failure?.kind == .busy)
        #expect(failure?.message.contains("wait for one of them") == true)
        for task in waiting { task.cancel() }
    }

    @Test("lets a cancelled caller go without a turn")
    func cancel() async throws {
        let heap = try HeapName("a")
        try await queue.takeTurn(on: heap)
        let waiting = Task { [queue] in try await queue.takeTurn(on: heap) }
        await eventually { queue.waitingCount(on: heap) == 1 }
        waiting.cancel()
        await #expect(throws: ExecutionFailure.cancelled) { try await waiting.value }
        queue.passTurn(on: heap)
        try await queue.takeTurn(on: heap)
    }

    @Test("keeps heaps apart")
    func apart() async throws {
        try await queue.takeTurn(on: try HeapName("a"))
        try await queue.takeTurn(on: try HeapName("b"))
    }
}
