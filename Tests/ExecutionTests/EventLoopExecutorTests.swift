import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Execution

// One thread of a process lends itself at a time.
@Suite("Event loops as executor", .serialized, .timeLimit(.minutes(5)))
struct EventLoopExecutorTests {
    /// Where a part of a task ran.
    private enum Place: Hashable {
        case lent
        case eventLoop
        case elsewhere

        init(lent: pthread_t) {
            let isEventLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
            self = isEventLoop ? .eventLoop : pthread_self() == lent ? .lent : .elsewhere
        }
    }

    private let executor = EventLoopExecutor(MultiThreadedEventLoopGroup.singleton)

    /// What is found out about a task.
    private final class Record: Sendable {
        let places = Mutex<[Place]>([])
        let countWhenStarted = Mutex(0)

        func note(lent thread: pthread_t) {
            places.withLock { $0.append(Place(lent: thread)) }
        }
    }

    /// Runs a task that waits once; tells where its parts ran, and how many of them had when the
    /// thread that started it went on.
    private func record(startedBy start: @escaping @Sendable (() -> Void) -> Void) async -> Record {
        let record = Record()
        await withCheckedContinuation { done in
            DispatchQueue(label: "lending").async { [executor] in
                let thread = pthread_self()
                let started = DispatchSemaphore(value: 0)
                start {
                    Task(executorPreference: executor) {
                        record.note(lent: thread)
                        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
                        try? await eventLoop.submit { _ = started.wait(timeout: .now() + 60) }.get()
                        record.note(lent: thread)
                        done.resume()
                    }
                }
                let count = record.places.withLock(\.count)
                record.countWhenStarted.withLock { $0 = count }
                started.signal()
            }
        }
        return record
    }

    @Test("a thread that lends itself runs what it starts, up to where that waits")
    func lends() async {
        let record = await record(startedBy: { EventLoopExecutor.lend($0) })
        #expect(record.places.withLock(\.self) == [.lent, .eventLoop])
        #expect(record.countWhenStarted.withLock(\.self) == 1)
    }

    @Test("a thread that does not, or not any more, has event loops run it")
    func doesNotLend() async {
        let record = await record(startedBy: { body in
            EventLoopExecutor.lend {}
            body()
        })
        #expect(record.places.withLock(\.self) == [.eventLoop, .eventLoop])
    }
}
