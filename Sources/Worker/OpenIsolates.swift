import CSandbox
import V8
import WorkerProtocol

/// The isolates that a template opens once, so that the workers forked from it need not: a clean
/// one of each kind.
///
/// A worker takes one of them. The other one costs it nothing but its address space, unless it
/// forks.
final class OpenIsolates {
    /// Of the snapshot that they were opened on, which nobody needs any more.
    private let readOnlyObjects: [UInt8]
    private var stateless: Isolate?
    private var heap: Isolate?

    init(baseHeap: Snapshot) throws(WorkerError) {
        readOnlyObjects = baseHeap.readOnlyObjects
        stateless = Isolate(.stateless, restoring: baseHeap, print: { _ in })
        heap = Isolate(.heap, restoring: baseHeap, print: { _ in })
        guard stateless != nil, heap != nil else { throw .baseHeapFailed }
        // Compiled here, once, and not in each worker. Not in the heap: its code would be in every
        // snapshot.
        stateless?.warmUp()
    }

    /// Lets go of the isolates that were not taken if a snapshot cannot be opened beside them.
    ///
    /// To be called before a stored heap is opened: all isolates of a process share V8's read-only
    /// objects, which are those of the first one's snapshot, and another snapshot's may be others.
    /// Mostly they are not, and closing takes a third as long as opening.
    func makeRoom(for snapshot: Snapshot) {
        if snapshot.hasReadOnlyObjects(readOnlyObjects) { return }
        stateless = nil
        heap = nil
    }

    /// Lets go of the isolates that were not taken, and of their memory.
    ///
    /// To be called before this process forks for every run: each fork would copy what says where
    /// they are. Closing takes some 1 ms.
    func makeForksLight() {
        if stateless == nil && heap == nil { return }
        stateless = nil
        heap = nil
        Engine.beginForking()
        csandbox_give_back_freed_memory()
    }

    /// Hands over an isolate. Only in a fork, and each kind once.
    func take(
        _ kind: Isolate.Kind, printingTo console: ConsoleRecorder
    ) throws(WorkerError) -> Isolate {
        let isolate =
            switch kind {
            case .stateless: stateless.take()
            case .heap: heap.take()
            }
        guard let isolate else { throw .wire(.unknownTag(0, in: "state")) }
        isolate.adopt { console.record($0) }
        return isolate
    }
}
