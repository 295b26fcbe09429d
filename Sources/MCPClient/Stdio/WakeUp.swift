internal import CSandbox
internal import Glibc

/// Wakes a thread that polls.
final class WakeUp: Sendable {
    /// What it polls for.
    let number: Int32

    init() throws(UpstreamError) {
        number = csandbox_event()
        guard number >= 0 else {
            throw UpstreamError(
                .unavailable, "No event could be made: \(systemReason(-number))", .notSent,
                retry: .sensible)
        }
    }

    deinit { close(number) }

    func send() { csandbox_event_add(number) }

    func clear() { csandbox_event_clear(number) }
}
