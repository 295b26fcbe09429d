internal import Heaps
import Synchronization

/// Lets one execution at a time have a heap, in the order in which they came.
final class HeapQueue: Sendable {
    /// Who waits for each heap that somebody has; a heap that nobody has is not in here.
    private let lines = Mutex<[HeapName: WaitLine<Void>]>([:])
    private let waitingCountMax: Int

    init(waitingCountMax: Int) {
        self.waitingCountMax = waitingCountMax
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
            let turn = lines.withLock { $0[heap]?.leave(ticket) }
            turn?.resume(returning: .failure(.cancelled))
        }
        try result.get()
    }

    /// Gives the heap to whoever waits longest.
    func passTurn(on heap: HeapName) {
        let next = lines.withLock { lines in
            let next = lines[heap]?.popFirst()
            if next == nil { lines[heap] = nil }
            return next
        }
        next?.resume(returning: .success(()))
    }

    /// The answer for a caller who does not wait; nil for one who does.
    private func join(
        _ turn: WaitLine<Void>.Turn, with ticket: WaitTicket, on heap: HeapName
    ) -> Result<Void, ExecutionFailure>? {
        lines.withLock { lines in
            if Task.isCancelled { return .failure(.cancelled) }
            guard let line = lines[heap] else {
                lines[heap] = WaitLine()
                return .success(())
            }
            guard line.count < waitingCountMax else {
                return .failure(
                    ExecutionFailure(
                        .busy,
                        "\(line.count) executions wait for heap \(heap) already; wait for "
                            + "one of them to end, or use another heap."))
            }
            lines[heap]?.join(turn, with: ticket)
            return nil
        }
    }
}
