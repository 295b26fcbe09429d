internal import Heaps
internal import Synchronization

/// The heaps that clients of this server deleted not long ago, and what brings them back.
final class DeletedHeaps: Sendable {
    private struct Deletion {
        let version: HeapVersion
        let instant: ContinuousClock.Instant
    }

    /// More are deleted by programs, which know what they do.
    private static let countMax = 1_000

    private let deletions = Mutex<[HeapName: Deletion]>([:])
    private let grace: Duration

    /// Remembers each for as long as its version is kept for sure.
    init(grace: Duration) {
        self.grace = grace
    }

    /// Notes where a heap was that is gone.
    func note(_ head: HeapHead) {
        deletions.withLock { deletions in
            if deletions.count >= DeletedHeaps.countMax { deletions.removeAll() }
            deletions[head.name] = Deletion(version: head.version, instant: .now)
        }
    }

    /// The last version of a heap that was deleted; nil where there is none to be had back.
    func version(of name: HeapName) -> HeapVersion? {
        let deletion = deletions.withLock { $0[name] }
        guard let deletion, deletion.instant.duration(to: .now) < grace else { return nil }
        return deletion.version
    }
}
