internal import Heaps

/// All heaps whose runs are answered before they are stored, and who waits for what of them.
/// Whoever holds it guards it.
struct UnwrittenTable: Sendable {
    typealias HeapState = UnwrittenState<WorkerProcess>

    /// How a wait for a heap to be written ended.
    enum Waking: Sendable {
        case stored
        case lost(UnwrittenLoss)
        case gaveUp
    }

    /// What is to be done once the lock is released.
    struct Consequences: Sendable {
        var actions: [HeapState.Action] = []
        var woken: [(CheckedContinuation<Waking, Never>, Waking)] = []
    }

    /// Losses are told once, of so many heaps at most.
    private static let unreportedCountMax = 10_000

    /// Those that are not clean.
    private var heaps: [HeapName: HeapState] = [:]
    /// Whose `saved` is listened to.
    var listening: Set<UInt64> = []
    /// Who waits for a heap's run to be decided.
    private var undecided: [HeapName: [CheckedContinuation<Void, Never>]] = [:]
    private var waiting: [UInt64: CheckedContinuation<Waking, Never>] = [:]
    private var lastWaiterID: UInt64 = 0
    private var unreportedCount = 0
    /// How many heaps have states that are not written.
    private(set) var heldCount = 0
    /// How often states were lost.
    private(set) var lossCount: UInt64 = 0

    /// Every heap that is not clean.
    var names: [HeapName] { Array(heaps.keys) }

    /// What workers have of heaps that is not written, or may have soon.
    var held: [(HeapName, HeapState.Holding)] {
        heaps.compactMap { name, state in state.holding.map { (name, $0) } }
    }

    func holding(of name: HeapName) -> HeapState.Holding? { heaps[name]?.holding }

    /// Changes the state of one heap.
    mutating func update<Result: Sendable>(
        _ name: HeapName, _ change: (inout HeapState) -> (Result, [HeapState.Action])
    ) -> (Result, Consequences) {
        // Taken out: a copy would be one of all the runs.
        var heap = heaps.removeValue(forKey: name) ?? .clean
        note(heap, by: -1)
        let (result, actions) = change(&heap)
        var consequences = Consequences(actions: actions)
        for action in actions {
            switch action {
            case .note: lossCount += 1
            case .wake(let ids, let loss):
                let waking = loss.map(Waking.lost) ?? .stored
                consequences.woken += ids.compactMap { waiting.removeValue(forKey: $0) }
                    .map { ($0, waking) }
            default: break
            }
        }
        if case .lost = heap, unreportedCount >= UnwrittenTable.unreportedCountMax { heap = .clean }
        note(heap, by: 1)
        if case .clean = heap {} else { heaps[name] = heap }
        return (result, consequences)
    }

    private mutating func note(_ heap: HeapState, by number: Int) {
        if heap.holding != nil { heldCount += number }
        if case .lost = heap { unreportedCount += number }
    }
}

// MARK: - Waiting

extension UnwrittenTable {
    /// A number for somebody who is about to wait.
    mutating func makeWaiterID() -> UInt64 {
        lastWaiterID += 1
        return lastWaiterID
    }

    /// Lets somebody wait until what was answered of a heap is written; or says at once how the
    /// wait ends.
    mutating func wait(
        _ continuation: CheckedContinuation<Waking, Never>, _ id: UInt64, for name: HeapName
    ) -> (Waking?, Consequences) {
        let (answer, consequences) = update(name) { $0.wait(id) }
        switch answer {
        case .stored: return (.stored, consequences)
        case .lost(let loss): return (.lost(loss), consequences)
        case .waits:
            waiting[id] = continuation
            return (nil, consequences)
        }
    }

    /// Takes out somebody who waits no more; nil if its wait is over, or never began.
    mutating func giveUp(
        _ id: UInt64, waitingFor name: HeapName
    ) -> CheckedContinuation<Waking, Never>? {
        guard let continuation = waiting.removeValue(forKey: id) else { return nil }
        _ = update(name) { state in
            state.giveUp(id)
            return ((), [])
        }
        return continuation
    }

    /// Lets somebody wait until a heap's run is decided.
    mutating func awaitDecision(_ continuation: CheckedContinuation<Void, Never>, of name: HeapName)
    {
        undecided[name, default: []].append(continuation)
    }

    /// Takes out those who waited for a heap's run to be decided.
    mutating func takeUndecided(_ name: HeapName) -> [CheckedContinuation<Void, Never>] {
        undecided.removeValue(forKey: name) ?? []
    }
}
