import Dispatch
import Synchronization
import Testing

@testable import Heaps

@Suite("Threads for storage", .timeLimit(.minutes(2)))
struct StorageThreadsTests {
    /// Holds up whoever waits at it.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        let arrivalCount = Atomic(0)
        private let notes = Mutex<[Int]>([])

        var order: [Int] { notes.withLock { $0 } }

        func note(_ number: Int) { notes.withLock { $0.append(number) } }

        func wait() {
            arrivalCount.add(1, ordering: .sequentiallyConsistent)
            semaphore.wait()
        }

        func open(_ count: Int) { for _ in 0..<count { semaphore.signal() } }

        func arrived(_ count: Int) async {
            while arrivalCount.load(ordering: .sequentiallyConsistent) < count {
                await Task.yield()
            }
        }
    }

    @Test("does one thing at a time in a lane, in order, and others beside it")
    func lanes() async throws {
        let threads = StorageThreads()
        let gate = Gate()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await threads.run(lane: "a") { gate.wait() } }
            await gate.arrived(1)
            group.addTask { try await threads.run(lane: "a") { gate.note(2) } }
            // What hangs has its lane only.
            for lane in ["b", "c", "b"] {
                try await threads.run(lane: lane) { gate.note(1) }
            }
            gate.open(1)
        }
        #expect(gate.order == [1, 1, 1, 2])
    }

    @Test("has no more threads than it may, and goes on when one is free")
    func bound() async throws {
        let threads = StorageThreads(countMax: 2)
        let gate = Gate()
        try await withThrowingDiscardingTaskGroup { group in
            for lane in ["a", "b", "c"] {
                group.addTask { try await threads.run(lane: lane) { gate.wait() } }
            }
            await gate.arrived(2)
            gate.open(1)
            await gate.arrived(3)
            gate.open(2)
        }
    }

    @Test("does not begin what nobody waits for any more, and ends what it began")
    func cancellation() async throws {
        let threads = StorageThreads(countMax: 1)
        let gate = Gate()
        let begun = Task {
            try await threads.run(lane: "a") { () throws(HeapError) in
                gate.wait()
                return 1
            }
        }
        await gate.arrived(1)
        let waiting = Task {
            try await threads.run(lane: "b") { () throws(HeapError) in Issue.record("it ran") }
        }
        waiting.cancel()
        begun.cancel()
        await #expect(throws: HeapError.storageBusy(path: "the storage's threads")) {
            try await waiting.value
        }
        gate.open(1)
        #expect(try await begun.value == 1)
    }
}
