import Synchronization

/// The place of a worker whose heap is being stored: others get it where that takes long and there
/// is no other, for the worker has nothing more to do but to stay warm.
final class WorkerPlace: Sendable {
    /// How long storage may take before others count for more.
    private static let patience = Duration.milliseconds(500)

    private enum State {
        case occupied(Deadlines.ID?)
        /// The worker was ended. Terminal.
        case givenUp
        /// Storage has answered. Terminal.
        case ended
    }

    private let worker: WorkerProcess
    private let service: ExecutionService
    private let state = Mutex(State.occupied(nil))

    init(_ worker: WorkerProcess, in service: ExecutionService) {
        self.worker = worker
        self.service = service
        wait()
    }

    /// Whether others have the place.
    var isGivenUp: Bool { state.withLock { if case .givenUp = $0 { true } else { false } } }

    /// Leaves the worker to who has it.
    func end() {
        state.withLock { state in
            guard case .occupied(let deadline) = state else { return }
            if let deadline { service.deadlines.clear(deadline) }
            state = .ended
        }
    }

    private func wait() {
        let due = service.timeline.now + Self.patience
        state.withLock { state in
            guard case .occupied = state else { return }
            state = .occupied(service.deadlines.set(at: due) { self.look() })
        }
    }

    private func look() {
        guard service.pool.isFull else { return wait() }
        let isFirst = state.withLock { state in
            guard case .occupied = state else { return false }
            state = .givenUp
            return true
        }
        if isFirst { service.pool.retire(worker) }
    }
}
