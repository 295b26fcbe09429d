internal import Heaps
internal import Logging
internal import ServiceLifecycle

/// Removes versions that no heap needs any more, soon after the start and then every so often.
struct GarbageCollection: Service {
    /// When the first pass comes: not while a client waits for its first answer.
    private static let startDelay = Duration.seconds(3)

    let repository: HeapRepository
    let policy: RetentionPolicy
    let logger: Logger

    func run() async {
        await untilGracefulShutdown {
            var pause = GarbageCollection.startDelay
            while (try? await Task.sleep(for: pause)) != nil {
                do {
                    _ = try await repository.collectGarbage(policy)
                } catch  where Task.isCancelled {
                    return
                } catch {
                    logger.warning("Garbage was not collected", metadata: ["error": "\(error)"])
                }
                // What is garbage now is old enough then.
                pause = policy.grace
            }
        }
    }
}

/// Does something until the server is told to end. It is not waited for then: storage may hang.
func untilGracefulShutdown(_ body: @escaping @Sendable () async -> Void) async {
    let (ended, end) = AsyncStream<Never>.makeStream()
    let task = Task {
        await body()
        end.finish()
    }
    await cancelWhenGracefulShutdown { for await _ in ended {} }
    task.cancel()
}
