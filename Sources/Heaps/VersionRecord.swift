package import WorkerProtocol

/// What is known of a version without its snapshot; the version is the digest of the rest.
package struct VersionRecord: Hashable, Sendable {
    /// The id of this version.
    package let version: HeapVersion
    /// The version that the run started from; nil for the first of a heap.
    package let parent: HeapVersion?
    /// When the run was committed.
    package let created: WallTime
    /// How long the run took, as the worker reported.
    package let durationMicroseconds: UInt64
    /// How many bytes V8's heap had, as the worker reported.
    package let heapByteCount: UInt64
    /// How many bytes the snapshot has when it is restored.
    package let snapshotByteCount: Int
    /// How many bytes the envelope and the packed snapshot take.
    package var storedByteCount: Int
    /// How the snapshot is packed; as the line before, no part of the version.
    package var packing: SnapshotPacking
    /// The engine that made the snapshot, and the only one that can restore it.
    package let engine: EngineIdentity
    /// This is the nth run in a row, from 1.
    package let runNumber: UInt32
    /// The start of the code that was run.
    package let codeFirstLine: String
}

extension VersionRecord {
    /// The number of no run: such a version is a heap that nothing was run on.
    static let baseRunNumber: UInt32 = 0
}

/// What a caller knows of a run whose snapshot it commits.
package struct RunDescription: Hashable, Sendable {
    /// The engine that made the snapshot.
    package let engine: EngineIdentity
    /// How long the run took.
    package let durationMicroseconds: UInt64
    /// How many bytes V8's heap had.
    package let heapByteCount: UInt64
    /// The run's number: the parent's and one.
    package let runNumber: UInt32
    /// The first line of the code, cut.
    package let codeFirstLine: String

    /// The most characters that are kept of the code.
    package static let codeCharacterCountMax = 120
    /// The most bytes that are kept of the code.
    static let codeByteCountMax = 360

    /// Describes a run; only the start of the code is kept.
    package init(
        engine: EngineIdentity, durationMicroseconds: UInt64, heapByteCount: UInt64,
        runNumber: UInt32, code: String
    ) {
        self.engine = engine
        self.durationMicroseconds = durationMicroseconds
        self.heapByteCount = heapByteCount
        self.runNumber = runNumber
        codeFirstLine = code.firstLine(
            characterCountMax: Self.codeCharacterCountMax, byteCountMax: Self.codeByteCountMax)
    }
}

/// A version whose snapshot was verified and can be given to a worker.
package struct LoadedHeap: Hashable, Sendable {
    /// What is known of the version.
    package let record: VersionRecord
    /// V8's bytes.
    package let snapshot: [UInt8]
}
