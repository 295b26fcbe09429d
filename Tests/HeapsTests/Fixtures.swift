import Foundation
import Logging
import WorkerProtocol

@testable import Heaps

extension EngineIdentity {
    static let ours = EngineIdentity(
        v8Version: "10.2.154.26-node.36", buildID: "0a1b2c3d4e5f", mode: .jit, nativesVersion: 1)
}

extension RunDescription {
    static func example(
        _ code: String = "x = 1", runNumber: UInt32 = 1, engine: EngineIdentity = .ours
    ) -> RunDescription {
        RunDescription(
            engine: engine, durationMicroseconds: 1500, heapByteCount: 4_000_000,
            runNumber: runNumber, code: code)
    }
}

extension WallTime {
    static let example = WallTime(millisecondsSince1970: 1_790_000_000_000)
}

extension HeapVersion {
    /// A version that is no digest of anything; `first` is its first two digits.
    static func example(_ first: UInt8, _ rest: UInt8 = 7) throws -> HeapVersion {
        try HeapVersion(
            String(hexDigitsOf: [first] + [UInt8](repeating: rest, count: 31)))
    }
}

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

/// Bytes that compress to about half, the same for the same seed.
func snapshotBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { index in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return index % 2 == 0 ? UInt8(truncatingIfNeeded: state >> 56) : 0
    }
}

/// A fresh directory that is removed when it is no longer held.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("heaps-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        path = url.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            FileHandle.standardError.write(Data("\(path) stays: \(error)\n".utf8))
        }
    }
}
