import Synchronization

/// Lets so many calls through at a time; the others wait in the order in which they came.
final class CallGate: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Void, UpstreamError>, Never>

    private struct State {
        var insideCount = 0
        var waiting: [(ticket: UInt64, waiter: Waiter)] = []
        var nextTicket: UInt64 = 0
    }

    private let state = Mutex(State())
    private let insideCountMax: Int
    private let waitingCountMax: Int

    init(insideCountMax: Int, waitingCountMax: Int) {
        self.insideCountMax = insideCountMax
        self.waitingCountMax = waitingCountMax
    }

    /// Returns when there is room, which must be given back by ``leave()``.
    ///
    /// - Throws: ``UpstreamError/Kind/limit`` if too many wait, or `cancelled`.
    func enter() async throws(UpstreamError) {
        let ticket = state.withLock { state in
            defer { state.nextTicket += 1 }
            return state.nextTicket
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let result = state.withLock { admit(waiter, ticket, &$0) }
                if let result { waiter.resume(returning: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    return nil
                }
                return state.waiting.remove(at: place).waiter
            }
            waiter?.resume(returning: .failure(.callerGone.asNotSent))
        }
        try result.get()
    }

    /// What is answered at once; nil if the waiter has to wait.
    private func admit(
        _ waiter: Waiter, _ ticket: UInt64, _ state: inout State
    ) -> Result<Void, UpstreamError>? {
        // The handler for cancelling may have run before this.
        if Task.isCancelled { return .failure(.callerGone.asNotSent) }
        if state.insideCount < insideCountMax {
            state.insideCount += 1
            return .success(())
        }
        guard state.waiting.count < waitingCountMax else {
            return .failure(
                UpstreamError(
                    .limit,
                    "\(insideCountMax) calls of this server are running and \(waitingCountMax)"
                        + " wait", .notSent, retry: .sensible))
        }
        state.waiting.append((ticket, waiter))
        return nil
    }

    /// Makes room for the next.
    func leave() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.insideCount -= 1
                return nil
            }
            return state.waiting.removeFirst().waiter
        }
        next?.resume(returning: .success(()))
    }
}
