import Synchronization

/// What the sessions of all clients are found by.
///
/// An id is 122 random bits; it names a session and proves nothing, so each belongs to whoever
/// began it.
final class SessionTable<Session: AnyObject & Sendable>: Sendable {
    private struct Entry {
        let session: Session
        let principal: Principal
        var lastUsed: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let countMax: Int
    private let countPerPrincipalMax: Int
    private let idle: Duration?
    private let isBusy: @Sendable (Session) -> Bool
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Makes an empty table.
    ///
    /// - Parameters:
    ///   - countPerPrincipalMax: how many of them one principal may have that can be told from
    ///     others.
    ///   - idle: how long a session may be unused; nil if it ends in another way.
    ///   - isBusy: whether a session is in use although nothing looks it up.
    init(
        countMax: Int, countPerPrincipalMax: Int, idle: Duration?,
        isBusy: @escaping @Sendable (Session) -> Bool = { _ in false },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.countMax = countMax
        self.countPerPrincipalMax = countPerPrincipalMax
        self.idle = idle
        self.isBusy = isBusy
        self.now = now
    }

    /// How many sessions there are, with those that nobody has used for too long.
    var count: Int { entries.withLock { $0.count } }

    /// All sessions, in no order.
    var all: [Session] { entries.withLock { $0.values.map(\.session) } }

    /// Adds a session under a new id, unless there are too many.
    func insert(_ session: Session, of principal: Principal) throws(Refusal) -> String {
        let id = SessionID.random()
        let instant = now()
        try entries.withLock { entries throws(Refusal) in
            if let refusal = refusal(of: principal, by: entries) {
                removeIdle(from: &entries, at: instant)
                if self.refusal(of: principal, by: entries) != nil { throw refusal }
            }
            entries[id] = Entry(session: session, principal: principal, lastUsed: instant)
        }
        return id
    }

    private func refusal(of principal: Principal, by entries: [String: Entry]) -> Refusal? {
        if entries.count >= countMax { return .full }
        // Counted only where it matters: there are few sessions as a rule.
        guard principal != .anyone, entries.count >= countPerPrincipalMax else { return nil }
        let count = entries.values.count { $0.principal == principal }
        return count >= countPerPrincipalMax ? .fullOfOwn : nil
    }

    /// Finds a session and counts that as its use; nil where it never was, has ended, or is
    /// another's.
    func find(_ id: String, for principal: Principal) -> Session? {
        let instant = now()
        return entries.withLock { entries in
            guard let entry = entries[id], entry.principal == principal else { return nil }
            if isIdle(entry, at: instant) {
                entries[id] = nil
                return nil
            }
            entries[id]?.lastUsed = instant
            return entry.session
        }
    }

    /// Counts as a use: a call of the session has ended.
    func touch(_ id: String) {
        let instant = now()
        entries.withLock { $0[id]?.lastUsed = instant }
    }

    func remove(_ id: String) {
        entries.withLock { $0[id] = nil }
    }

    private func removeIdle(
        from entries: inout [String: Entry], at instant: ContinuousClock.Instant
    ) {
        entries = entries.filter { !isIdle($0.value, at: instant) }
    }

    private func isIdle(_ entry: Entry, at instant: ContinuousClock.Instant) -> Bool {
        guard let idle else { return false }
        return entry.lastUsed.duration(to: instant) > idle && !isBusy(entry.session)
    }
}

/// The names of sessions: random UUIDs (version 4).
enum SessionID {
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var high = generator.next() as UInt64
        var low = generator.next() as UInt64
        high = high & ~0xF000 | 0x4000
        low = low & ~(0b11 << 62) | 0b10 << 62
        let digits = [high, low].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var rest = Substring(digits)
        return [8, 4, 4, 4, 12].map { count in
            defer { rest = rest.dropFirst(count) }
            return String(rest.prefix(count))
        }.joined(separator: "-")
    }

    /// Whether a text could be one.
    static func isWellFormed(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
    }
}
