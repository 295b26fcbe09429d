internal import NIOPosix

/// Runs what computes for long on threads that may be kept busy; what waits for a file system has
/// ``StorageThreads``.
struct BlockingWork: Sendable {
    let pool: NIOThreadPool

    /// Runs to the end even if the caller's task is cancelled: storing is done whole or not at all.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(HeapError) -> Result
    ) async throws(HeapError) -> Result {
        let result = await withCheckedContinuation { continuation in
            pool.submit { state in
                continuation.resume(
                    returning: state == .active
                        ? Swift.Result(catching: body)
                        : .failure(
                            HeapError.storageUnavailable(
                                path: "threads", reason: "the server is shutting down")))
            }
        }
        return try result.get()
    }
}
