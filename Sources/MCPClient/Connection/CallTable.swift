import MCP

/// The requests that wait for an answer on one stream of messages, by their ids.
///
/// Pure: a `Waiter` is whatever is to be told.
struct CallTable<Waiter> {
    /// What an answer turned out to be.
    enum Match {
        /// Somebody waits for it.
        case waiter(Waiter)
        /// Nobody waits any more, which is no fault.
        case abandoned
        /// Nobody asked, or it was answered before.
        case unasked
    }

    /// A request whose waiter is still to be told.
    struct Entry {
        var waiter: Waiter
        var delivery: UpstreamError.Delivery
    }

    /// How many ids of calls are remembered that nobody waits for.
    private static var abandonedCountMax: Int { 256 }

    private var nextID = 1
    private var entries: [Int: Entry] = [:]
    private var abandoned: [Int] = []

    var isEmpty: Bool { entries.isEmpty }

    /// An id for one more request; it is never used again.
    mutating func makeID() -> Int {
        defer { nextID += 1 }
        return nextID
    }

    /// Has somebody wait for the answer to a request.
    mutating func begin(_ id: Int, _ waiter: Waiter) {
        entries[id] = Entry(waiter: waiter, delivery: .notSent)
    }

    /// The first bytes of a request went out.
    mutating func didSend(_ id: Int) { entries[id]?.delivery = .possiblySent }

    /// Takes an answer off.
    mutating func answer(_ id: RequestID) -> Match {
        guard case .integer(let number) = id, let key = number.integer else { return .unasked }
        if let entry = entries.removeValue(forKey: key) { return .waiter(entry.waiter) }
        guard let place = abandoned.firstIndex(of: key) else { return .unasked }
        abandoned.remove(at: place)
        return .abandoned
    }

    /// Nobody waits any more; nil if it was answered already.
    mutating func abandon(_ id: Int) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        if entry.delivery == .possiblySent {
            if abandoned.count >= Self.abandonedCountMax { abandoned.removeFirst() }
            abandoned.append(id)
        }
        return entry
    }

    /// The stream ended: nothing is answered any more.
    mutating func removeAll() -> [Entry] {
        defer { entries = [:] }
        return entries.sorted { $0.key < $1.key }.map(\.value)
    }
}
