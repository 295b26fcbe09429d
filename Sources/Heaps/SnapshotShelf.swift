internal import Synchronization
internal import WorkerProtocol

/// A plain snapshot that is at hand, and what packing it and its kin was worth.
struct ShelvedSnapshot: Sendable {
    let version: HeapVersion
    /// V8's bytes; nil where they are not worth their memory.
    var snapshot: [UInt8]?
    /// How many others have to be unpacked before it in the storage.
    var depth: UInt8
    /// Itself and those that it is packed behind.
    var chain: [HeapVersion]
    /// Packed size to plain size of the last of its line that was packed without its parent.
    var ordinaryRatio = 1.0
    /// How many of the next in its line are not tried to be packed behind their parents.
    var pauseCount = 0
    /// When the whole chain was last written or refreshed; nil if nobody knows.
    var youngSince: WallTime?
}

/// Snapshots in memory behind which others are packed: the base heap of each engine, and the last
/// version of each heap in use.
///
/// Bounded in bytes; what was used least recently goes first.
final class SnapshotShelf: Sendable {
    /// How many bytes of the heaps' snapshots are kept.
    static let byteCountMax = 64 << 20
    /// A larger snapshot is not packed behind its parent: that costs more time than a smaller
    /// object saves.
    static let snapshotByteCountMax = 32 << 20
    /// For how many heaps it is known whether it pays.
    static let countMax = 4096
    /// A server has one engine; a repository for tests may see more.
    static let baseCountMax = 4

    fileprivate struct State {
        var bases: [EngineIdentity: ShelvedSnapshot] = [:]
        var lines: [HeapVersion: (entry: ShelvedSnapshot, lastUse: UInt64)] = [:]
        var byteCount = 0
        var useCount: UInt64 = 0
        var isBaseWanted = false
    }

    private let state = Mutex(State())
    /// Says once that a base heap would be of use.
    let baseWanted: AsyncStream<Void>
    private let baseWantedContinuation: AsyncStream<Void>.Continuation

    init() {
        (baseWanted, baseWantedContinuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(1))
    }

    /// The base heap of an engine; asks for one if there is none.
    func base(of engine: EngineIdentity) -> ShelvedSnapshot? {
        let (base, isNew) = state.withLock { state in
            let base = state.bases[engine]
            let isNew = base == nil && !state.isBaseWanted
            if isNew { state.isBaseWanted = true }
            return (base, isNew)
        }
        if isNew { baseWantedContinuation.yield() }
        return base
    }

    /// What is known of a version.
    subscript(version: HeapVersion) -> ShelvedSnapshot? {
        state.withLock { state in
            if let base = state.bases.values.first(where: { $0.version == version }) {
                return base
            }
            state.useCount += 1
            state.lines[version]?.lastUse = state.useCount
            return state.lines[version]?.entry
        }
    }

    /// Keeps the base heap of an engine.
    func keep(_ base: ShelvedSnapshot, asBaseOf engine: EngineIdentity) {
        state.withLock { state in
            guard state.bases.count < Self.baseCountMax || state.bases[engine] != nil else {
                return
            }
            state.bases[engine] = base
        }
    }

    /// Keeps a heap's newest version in place of its parent.
    func keep(_ entry: ShelvedSnapshot, insteadOf parent: HeapVersion?) {
        var entry = entry
        if entry.snapshot?.count ?? 0 > Self.snapshotByteCountMax { entry.snapshot = nil }
        state.withLock { state in
            if let parent { state.remove(parent) }
            state.remove(entry.version)
            state.useCount += 1
            state.lines[entry.version] = (entry, state.useCount)
            state.byteCount += entry.snapshot?.count ?? 0
            while state.byteCount > Self.byteCountMax || state.lines.count > Self.countMax {
                guard let oldest = state.lines.min(by: { $0.value.lastUse < $1.value.lastUse })
                else { break }
                state.remove(oldest.key)
            }
        }
    }

    /// Notes that a chain was refreshed.
    func noteYoung(_ version: HeapVersion, at moment: WallTime) {
        state.withLock { state in
            state.lines[version]?.entry.youngSince = moment
            for (engine, base) in state.bases where base.version == version {
                state.bases[engine]?.youngSince = moment
            }
        }
    }

    /// Forgets what turned out to be gone.
    func forget(_ version: HeapVersion) {
        state.withLock { state in
            state.remove(version)
            for (engine, base) in state.bases where base.version == version {
                state.bases[engine] = nil
                state.isBaseWanted = false
            }
        }
    }
}

extension SnapshotShelf.State {
    fileprivate mutating func remove(_ version: HeapVersion) {
        guard let old = lines.removeValue(forKey: version) else { return }
        byteCount -= old.entry.snapshot?.count ?? 0
    }
}
