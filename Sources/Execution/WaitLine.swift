/// Callers who wait for something, first come, first served; whoever holds the line guards it.
struct WaitLine<Value: Sendable> {
    typealias Turn = CheckedContinuation<Result<Value, ExecutionFailure>, Never>

    private var waiting: [(ticket: WaitTicket, turn: Turn)] = []

    var count: Int { waiting.count }

    mutating func join(_ turn: Turn, with ticket: WaitTicket) {
        waiting.append((ticket, turn))
    }

    /// Takes out a caller who no longer waits; nil if its turn has come, or it never joined.
    mutating func leave(_ ticket: WaitTicket) -> Turn? {
        guard let index = waiting.firstIndex(where: { $0.ticket === ticket }) else { return nil }
        return waiting.remove(at: index).turn
    }

    mutating func popFirst() -> Turn? {
        waiting.isEmpty ? nil : waiting.removeFirst().turn
    }

    mutating func removeAll() -> [Turn] {
        defer { waiting = [] }
        return waiting.map(\.turn)
    }
}

/// By which a caller who waits can leave again.
final class WaitTicket: Sendable {}
