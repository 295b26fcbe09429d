import Synchronization

@testable import S3

/// A clock that stands unless somebody waits, and whose short waits take no time.
///
/// Waits of a minute and more are the client's patience with a service: they end when a test says
/// that the service is silent.
final class TestTiming: Sendable {
    static let patience = Duration.seconds(60)

    private struct State {
        var now = Timestamp(millisecondsSince1970: 1_790_000_000_000)
        var waits: [Duration] = []
    }

    private let state = Mutex(State())
    private let gate = Gate()

    var now: Timestamp { state.withLock(\.now) }
    /// The pauses between attempts so far.
    var waits: [Duration] { state.withLock(\.waits) }

    func advance(_ duration: Duration) {
        state.withLock { $0.now = $0.now + duration }
    }

    /// Ends the patience of whoever waits for a service, now and later, once.
    func beSilent() { gate.open() }

    var timing: Timing {
        Timing(
            now: { self.now },
            sleep: { duration in
                if duration >= Self.patience {
                    try await self.gate.wait()
                } else {
                    self.state.withLock { $0.waits.append(duration) }
                }
                self.advance(duration)
            },
            random: { 0.5 })
    }
}

/// Lets one waiter through each time that it is opened.
private final class Gate: Sendable {
    private struct State {
        var openings = 0
        var nextNumber = 0
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = Mutex(State())

    func open() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let first = state.waiting.keys.min() else {
                state.openings += 1
                return nil
            }
            return state.waiting.removeValue(forKey: first)
        }
        waiter?.resume()
    }

    func wait() async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.openings > 0 {
                        state.openings -= 1
                        return .success(())
                    }
                    state.waiting[number] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiting.removeValue(forKey: number) }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
