internal import Synchronization

/// Time and chance, which tests bring with them.
package struct Timing: Sendable {
    /// The present moment, by this machine.
    package var now: @Sendable () -> Timestamp
    /// Waits.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 up to 1.
    package var random: @Sendable () -> Double

    /// The system's.
    package static let system = Timing(
        now: { .now() }, sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) })

    /// Makes a timing of its three parts.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    /// Does something; nil if it takes longer, and it is cancelled then.
    func within<Result: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask { [sleep] in
                try await sleep(limit)
                return nil
            }
            return try await group.next() ?? nil
        }
    }
}

/// How far a service's clock is ahead of this machine's; found out when it refuses a signature.
final class ClockOffset: Sendable {
    private let offset = Mutex(Duration.zero)

    /// The service's time at a moment of this machine.
    func corrected(_ moment: Timestamp) -> Timestamp { moment + offset.withLock { $0 } }

    /// Learns the service's time.
    func learn(service: Timestamp, machine: Timestamp) {
        offset.withLock { $0 = service.duration(since: machine) }
    }
}
