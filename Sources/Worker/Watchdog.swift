import CSandbox
import Glibc
import V8

/// A thread that ends a script at its deadline.
@safe
// Safe because the state is touched under the lock only, and everything else never changes.
final class Watchdog: @unchecked Sendable {
    private struct State {
        var target: (terminator: Isolate.Terminator, deadline: Deadline)?
        /// When the thread will look next.
        var wakeup = Deadline.never
    }

    private var state = State()
    /// Not a `Mutex`: that one needs priority inheritance of the kernel, which a worker has no way
    /// to.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// What wakes the thread.
    let event: Int32

    /// Starts the thread, and returns when it runs.
    init() throws(WorkerError) {
        event = csandbox_event()
        guard event >= 0 else { throw .system("eventfd", errno: -event) }
        unsafe pthread_mutex_init(lock, nil)
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let failure = unsafe csandbox_start_thread(
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Watchdog>.fromOpaque(context).takeRetainedValue().watch()
            }, context)
        guard failure == 0 else { throw .system("pthread_create", errno: -failure) }
    }

    /// Ends the isolate's JavaScript at the deadline, unless ``disarm()`` comes first.
    func arm(_ terminator: Isolate.Terminator, at deadline: Deadline) {
        let isEarlier = withLock { state in
            state.target = (terminator, deadline)
            return deadline < state.wakeup
        }
        if isEarlier { csandbox_event_add(event) }
    }

    /// Leaves the isolate alone. When this returns nothing refers to it.
    ///
    /// The thread is not woken: it finds nothing to do when it wakes, which costs less than a
    /// switch for every run.
    func disarm() {
        withLock { $0.target = nil }
    }

    private func watch() -> Never {
        while true {
            let timeout = withLock { state in
                if let target = state.target, target.deadline <= .now {
                    target.terminator.terminate()
                    state.target = nil
                }
                state.wakeup = state.target?.deadline ?? .never
                return state.target == nil ? -1 : Int32(clamping: state.wakeup.millisecondsLeft)
            }
            var watched = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&watched, 1, timeout) > 0 { csandbox_event_clear(event) }
        }
    }

    private func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return body(&state)
    }
}
