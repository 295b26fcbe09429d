internal import Heaps
import Synchronization

/// Lets one execution at a time have a heap, in the order in which they came.
///
/// What an execution left behind in the storage keeps the heap too, until that has done it: what it
/// does late is never beside what another execution asks of it.
final class HeapQueue: Sendable {
    private struct Line {
        var waiting = WaitLine<Void>()
        /// Whether an execution has the heap.
        var isTaken = true
        /// What storage does with the heap, and since when.
        var storageCount = 0
        var storageSince = Duration.zero

        var count: Int { waiting.count }

        /// Lets the next one have the heap if nothing keeps it any more.
        mutating func handOn() -> WaitLine<Void>.Turn? {
            guard isFree, let next = waiting.popFirst() else { return nil }
            isTaken = true
            return next
        }

        var isFree: Bool { !isTaken && storageCount == 0 }
    }

    /// After how long storage counts as what keeps a heap.
    private static let storageTimeMin = Duration.milliseconds(500)

    /// Who waits for each heap that somebody has; a heap that nobody has is not in here.
    private let lines = Mutex<[HeapName: Line]>([:])
    private let waitingCountMax: Int
    private let timeline: Timeline

    init(waitingCountMax: Int, timeline: Timeline = Timeline()) {
        self.waitingCountMax = waitingCountMax
        self.timeline = timeline
    }

    /// How many wait for a heap that somebody has.
    func waitingCount(on heap: HeapName) -> Int {
        lines.withLock { $0[heap]?.count ?? 0 }
    }

    /// How many wait for all of them together.
    var waitingCount: Int { lines.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Waits until the heap is the caller's, who passes it on with ``passTurn(on:)``.
    ///
    /// - Throws: `busy` if too many wait already; `cancelled`.
    func takeTurn(on heap: HeapName) async throws(ExecutionFailure) {
        let ticket = WaitTicket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let answer = join(turn, with: ticket, on: heap)
                if let answer { turn.resume(returning: answer) }
            }
        } onCancel: {
            let turn = lines.withLock { $0[heap]?.waiting.leave(ticket) }
            turn?.resume(returning: .failure(.cancelled))
        }
        try result.get()
    }

    /// Gives the heap to whoever waits longest, or leaves it to the storage for as long as that
    /// takes.
    func passTurn(on heap: HeapName) {
        change(heap) { $0.isTaken = false }
    }

    /// Keeps a heap that the caller has until ``endStorage(on:)``.
    func beginStorage(on heap: HeapName) {
        change(heap) { line in
            if line.storageCount == 0 { line.storageSince = timeline.now }
            line.storageCount += 1
        }
    }

    /// Lets go of a heap that was kept for the storage.
    func endStorage(on heap: HeapName) {
        change(heap) { $0.storageCount -= 1 }
    }

    /// Whether storage is what keeps a heap from those who wait.
    func isInStorage(_ heap: HeapName) -> Bool {
        lines.withLock { lines in
            guard let line = lines[heap], line.storageCount > 0 else { return false }
            return timeline.now - line.storageSince >= Self.storageTimeMin
        }
    }

    private func change(_ heap: HeapName, _ change: (inout Line) -> Void) {
        let turn = lines.withLock { lines -> WaitLine<Void>.Turn? in
            guard var line = lines[heap] else { return nil }
            change(&line)
            let next = line.handOn()
            lines[heap] = line.isFree ? nil : line
            return next
        }
        turn?.resume(returning: .success(()))
    }

    /// The answer for a caller who does not wait; nil for one who does.
    private func join(
        _ turn: WaitLine<Void>.Turn, with ticket: WaitTicket, on heap: HeapName
    ) -> Result<Void, ExecutionFailure>? {
        lines.withLock { lines in
            if Task.isCancelled { return .failure(.cancelled) }
            guard let line = lines[heap] else {
                lines[heap] = Line()
                return .success(())
            }
            guard line.count < waitingCountMax else {
                return .failure(
                    ExecutionFailure(
                        .busy,
                        "\(line.count) executions wait for heap \(heap) already; wait for "
                            + "one of them to end, or use another heap."))
            }
            lines[heap]?.waiting.join(turn, with: ticket)
            return nil
        }
    }
}
