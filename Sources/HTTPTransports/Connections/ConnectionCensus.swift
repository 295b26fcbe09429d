import Synchronization

/// How many connections are open, in all and from each address.
final class ConnectionCensus: Sendable {
    private let counts = Mutex<[ClientAddress: Int]>([:])
    private let limit: AddressLimit

    init(limit: AddressLimit) {
        self.limit = limit
    }

    /// How many are open.
    var count: Int { counts.withLock { $0.values.reduce(0, +) } }

    /// Counts a connection, unless its address has as many as it may have.
    func enter(_ address: ClientAddress) -> Bool {
        counts.withLock { counts in
            let count = counts[address, default: 0]
            if limit.applies(to: address), count >= limit.count { return false }
            counts[address] = count + 1
            return true
        }
    }

    /// Counts the end of a connection that was counted.
    func leave(_ address: ClientAddress) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// How much of something each address may have.
package struct AddressLimit: Hashable, Sendable {
    /// Whom it concerns.
    package enum Scope: Hashable, Sendable {
        case everyone
        /// Not programs on this machine: a proxy there stands for all its clients.
        case otherMachines
    }

    /// How many.
    package var count: Int
    /// Whom it concerns.
    package var scope: Scope

    /// Sets a limit.
    package init(_ count: Int, for scope: Scope = .otherMachines) {
        self.count = count
        self.scope = scope
    }

    func applies(to address: ClientAddress) -> Bool {
        scope == .everyone || !address.isLoopback
    }
}
