import Synchronization

/// How often each of many may do something: so many times at once, and then at a steady rate.
///
/// It forgets whoever has their whole allowance back, and all where there are too many of them, so
/// that nobody can fill the memory with names.
final class Allowances<Owner: Hashable & Sendable>: Sendable {
    private struct Allowance {
        /// When all of it will be there again.
        var fullAt: ContinuousClock.Instant
    }

    private let owners = Mutex<[Owner: Allowance]>([:])
    private let interval: Duration
    private let burst: Int
    private let ownerCountMax: Int
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Allows `burst` times at once, and one more after each interval.
    init(
        burst: Int, interval: Duration, ownerCountMax: Int = 10_000,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        precondition(burst > 0 && interval > .zero)
        self.burst = burst
        self.interval = interval
        self.ownerCountMax = ownerCountMax
        self.now = now
    }

    /// Takes one from an owner's allowance.
    ///
    /// - Returns: nil, or how long to wait until there is one.
    func take(from owner: Owner) -> Duration? {
        let instant = now()
        return owners.withLock { owners in
            let wait = waiting(for: owner, in: owners, at: instant)
            guard wait == nil else { return wait }
            if owners[owner] == nil, owners.count >= ownerCountMax {
                owners = owners.filter { $0.value.fullAt > instant }
                if owners.count >= ownerCountMax { owners.removeAll() }
            }
            let fullAt = max(owners[owner]?.fullAt ?? instant, instant) + interval
            owners[owner] = Allowance(fullAt: fullAt)
            return nil
        }
    }

    /// How long an owner has to wait for the next one; nil if there is one.
    func waiting(for owner: Owner) -> Duration? {
        let instant = now()
        return owners.withLock { waiting(for: owner, in: $0, at: instant) }
    }

    private func waiting(
        for owner: Owner, in owners: [Owner: Allowance], at instant: ContinuousClock.Instant
    ) -> Duration? {
        guard let fullAt = owners[owner]?.fullAt else { return nil }
        let wait = instant.duration(to: fullAt) - interval * (burst - 1)
        return wait > .zero ? wait : nil
    }
}
