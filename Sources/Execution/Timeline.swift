/// A clock whose instants are durations since it was made, so that its type does not spread.
package struct Timeline: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let sleeping: @Sendable (Duration) async throws -> Void

    /// Counts time on a clock.
    package init<Base: Clock>(_ clock: Base = ContinuousClock()) where Base.Duration == Duration {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleeping = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    /// The time since this was made.
    package var now: Duration { elapsed() }

    /// Waits until an instant.
    ///
    /// - Throws: when the task is cancelled before.
    package func sleep(until instant: Duration) async throws {
        try await sleeping(instant)
    }
}
