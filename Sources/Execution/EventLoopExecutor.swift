package import NIOCore
internal import NIOPosix

/// Runs tasks on event loops.
///
/// A task goes on where it is resumed. What a worker says arrives on an event loop, so whoever
/// waits for it goes on there, and no other thread has to be woken. Tasks must not block.
package final class EventLoopExecutor: TaskExecutor {
    private let eventLoops: any EventLoopGroup

    /// Makes an executor; tasks that come from elsewhere go to these event loops in turn.
    package init(_ eventLoops: any EventLoopGroup) {
        self.eventLoops = eventLoops
    }

    /// Runs a part of a task on the event loop that this is called on, if it is one.
    package func enqueue(_ job: UnownedJob) {
        let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop ?? eventLoops.next()
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
