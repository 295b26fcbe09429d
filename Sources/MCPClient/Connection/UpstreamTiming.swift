/// Time, which tests bring with them.
package struct UpstreamTiming: Sendable {
    /// The present moment.
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// The system's.
    package static let system = UpstreamTiming(
        now: { .now }, sleep: { try await Task.sleep(for: $0) })

    /// Makes a timing of its two parts.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }
}

extension UpstreamTiming {
    /// Does something until a moment that may move on; what is cut short is cancelled, and its own
    /// end is waited for, so that nothing goes on unseen.
    ///
    /// - Parameter deadline: asked anew whenever it has passed.
    /// - Parameter onTimeout: turns the error of what was cut short into one that says why.
    func within<Value: Sendable>(
        _ deadline: @escaping @Sendable () -> ContinuousClock.Instant,
        onTimeout: @Sendable (UpstreamError) -> UpstreamError,
        _ body: @escaping @Sendable () async -> Result<Value, UpstreamError>
    ) async -> Result<Value, UpstreamError> {
        await withTaskGroup(of: Result<Value, UpstreamError>?.self) { group in
            group.addTask { await body() }
            group.addTask { [self] in
                while !Task.isCancelled {
                    let left = deadline() - now()
                    if left <= .zero { break }
                    do { try await sleep(left) } catch { break }
                }
                return nil
            }
            var isLate = false
            while let first = await group.next() {
                guard let result = first else {
                    isLate = !Task.isCancelled
                    group.cancelAll()
                    continue
                }
                group.cancelAll()
                guard isLate, case .failure(let error) = result, error.kind == .cancelled else {
                    return result
                }
                return .failure(onTimeout(error))
            }
            return .failure(.callerGone)
        }
    }
}
