/// How a snapshot's bytes are stored; it is no part of what a version is.
package enum SnapshotPacking: Hashable, Sendable {
    /// As they are.
    case raw
    /// As one zstd frame.
    case zstd
    /// As one zstd frame that goes on where another version's plain snapshot ends.
    ///
    /// `depth` is the most snapshots that have to be unpacked before this one, at least 1.
    case zstdBehind(HeapVersion, depth: UInt8)

    /// No snapshot is packed deeper: so many more objects are read for it, at most.
    static let depthMax: UInt8 = 4

    /// The version whose snapshot is needed to unpack this one.
    package var prefix: HeapVersion? {
        if case .zstdBehind(let version, _) = self { version } else { nil }
    }

    /// The most snapshots that have to be unpacked before this one.
    var depth: UInt8 {
        if case .zstdBehind(_, let depth) = self { depth } else { 0 }
    }

    /// What the header says of it.
    var code: UInt16 {
        switch self {
        case .raw: 1
        case .zstd: 2
        case .zstdBehind: 3
        }
    }

    /// Reads what a header says; nil if that is nothing we know.
    init?(code: UInt16, prefix: HeapVersion, depth: UInt8) {
        switch code {
        case 1 where depth == 0: self = .raw
        case 2 where depth == 0: self = .zstd
        case 3 where (1...Self.depthMax).contains(depth): self = .zstdBehind(prefix, depth: depth)
        default: return nil
        }
    }
}
