/// A host call's number within its run: the worker gives it, and counts up.
struct HostCallID: Hashable, Comparable, Sendable {
    let number: UInt32

    static func < (lhs: HostCallID, rhs: HostCallID) -> Bool { lhs.number < rhs.number }
}

/// The host calls of one run that are open: what its script asked of the server, and has not been
/// told.
///
/// Everything is bounded, as a worker that was broken out of makes any call that it likes. A call
/// that the script has given up keeps its place under way until what it began has ended: else a
/// script could begin more than may be by giving up what it has.
struct HostCalls: Sendable {
    private enum Pending {
        /// Too many others are under way. Next: `underWay`, or it is closed.
        case queued
        /// Next: `givenUp`, or it is closed.
        case underWay
        /// Nobody is told any more how it ends. Next: it is closed.
        case givenUp
    }

    /// The most calls that a run makes.
    static let countMax = 256
    /// The most calls of a run that are under way at a time.
    static let underWayCountMax = 8

    private var calls: [HostCallID: Pending] = [:]
    private var last: HostCallID?
    private var count = 0

    /// Whether nobody waits for an answer.
    var isEmpty: Bool { !calls.values.contains { $0 != .givenUp } }

    /// Notes that the script has made a call.
    ///
    /// - Throws: ``ProtocolViolation/hostCallOutOfTurn(_:)`` for a number that is not above all
    ///   before, ``ProtocolViolation/tooManyHostCalls(limit:)``.
    mutating func open(_ id: HostCallID) throws(ProtocolViolation) {
        if let last, id <= last { throw .hostCallOutOfTurn(id.number) }
        guard count < HostCalls.countMax else {
            throw .tooManyHostCalls(limit: HostCalls.countMax)
        }
        last = id
        count += 1
        calls[id] = .queued
    }

    /// The call that is to begin now: that which has waited longest, if there is room for it.
    mutating func beginNext() -> HostCallID? {
        let underWayCount = calls.values.count { $0 != .queued }
        guard underWayCount < HostCalls.underWayCountMax else { return nil }
        let next = calls.lazy.filter { $0.value == .queued }.map(\.key).min()
        if let next { calls[next] = .underWay }
        return next
    }

    /// Notes that the script wants no answer to a call any more. What has been answered meanwhile
    /// has crossed this on its way, and nothing changes.
    ///
    /// - Returns: whether something is under way that is to be stopped.
    /// - Throws: ``ProtocolViolation/hostCallOutOfTurn(_:)`` for a call that was never made.
    mutating func giveUp(_ id: HostCallID) throws(ProtocolViolation) -> Bool {
        guard let last, id <= last else { throw .hostCallOutOfTurn(id.number) }
        switch calls[id] {
        case .underWay:
            calls[id] = .givenUp
            return true
        case .queued:
            calls[id] = nil
            return false
        case .givenUp, nil: return false
        }
    }

    /// Notes that what was under way has ended.
    ///
    /// - Returns: whether the script is to be told.
    /// - Precondition: it was begun, and has not ended before.
    mutating func close(_ id: HostCallID) -> Bool {
        switch calls.removeValue(forKey: id) {
        case .underWay: true
        case .givenUp: false
        case .queued, nil: preconditionFailure("What ends has begun.")
        }
    }
}
