internal import Glibc
package import NIOCore
internal import NIOPosix
import Synchronization

/// Runs tasks on event loops, and on a thread that lends itself.
///
/// A task goes on where it is resumed. What a worker says arrives on an event loop, so whoever
/// waits for it goes on there, and no other thread has to be woken. Tasks must not block.
package final class EventLoopExecutor: TaskExecutor {
    /// A thread that runs what it starts, and what is to be run of that.
    private struct Loan {
        let thread: pthread_t
        var jobs: [(job: UnownedJob, executor: EventLoopExecutor)] = []
    }

    /// At most one thread lends itself at a time.
    private static let loan = Mutex<Loan?>(nil)

    private let eventLoops: any EventLoopGroup

    /// Makes an executor; tasks that come from elsewhere go to these event loops in turn.
    package init(_ eventLoops: any EventLoopGroup) {
        self.eventLoops = eventLoops
    }

    /// Runs a part of a task on the event loop that this is called on, if it is one, or on the
    /// thread, if that lends itself.
    package func enqueue(_ job: UnownedJob) {
        let current = MultiThreadedEventLoopGroup.currentEventLoop
        if current == nil, EventLoopExecutor.keep(job, for: self) { return }
        let eventLoop = current ?? eventLoops.next()
        eventLoop.execute { self.run(job) }
    }

    /// Has this thread run what `body` starts, each task up to where it waits: that is one thread
    /// less to be woken for a call. What `body` calls and starts must not block.
    package static func lend(_ body: () -> Void) {
        let isLent = loan.withLock { loan in
            guard loan == nil else { return false }
            loan = Loan(thread: pthread_self())
            return true
        }
        body()
        guard isLent else { return }
        while let (job, executor) = nextJob() { executor.run(job) }
    }

    private static func keep(_ job: UnownedJob, for executor: EventLoopExecutor) -> Bool {
        loan.withLock { loan in
            guard loan?.thread == pthread_self() else { return false }
            loan?.jobs.append((job, executor))
            return true
        }
    }

    /// What the thread runs next; with nothing left it is not lent any more.
    private static func nextJob() -> (job: UnownedJob, executor: EventLoopExecutor)? {
        loan.withLock { loan in
            guard let jobs = loan?.jobs, !jobs.isEmpty else {
                loan = nil
                return nil
            }
            return loan?.jobs.removeFirst()
        }
    }

    private func run(_ job: UnownedJob) {
        job.runSynchronously(on: asUnownedTaskExecutor())
    }
}
