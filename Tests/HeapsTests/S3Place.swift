import ScriptedS3
import Testing

@testable import Heaps
@testable import S3

/// Heaps in a bucket of a scripted server, with a clock that a test moves.
struct S3Place {
    let clock = FakeClock()
    let server: ScriptedServer
    let storage: S3HeapStorage
    /// Another server's.
    let other: S3HeapStorage
    let heaps: HeapRepository
    let version: StorageKey
    let head: StorageKey

    init(conditions: ScriptedServer.Conditions = .honoured) async throws {
        let now: @Sendable () -> WallTime = { [clock] in clock.now }
        let server = try await ScriptedServer(
            conditions: conditions, now: { Timestamp(now()) })
        self.server = server
        let timing = Timing(
            now: { Timestamp(now()) }, sleep: Timing.impatient.sleep, random: { 0 })
        let make = {
            S3HeapStorage(
                client: try await S3Client.ofTest(endpoint: server.endpoint, timing: timing),
                prefix: "", now: now)
        }
        storage = try await make()
        other = try await make()
        heaps = HeapRepository(
            storage: storage, snapshotByteCountMax: 1 << 20, now: now, logger: .silent)
        version = .version(try .example(0xab))
        head = .head(try HeapName("Counter"))
    }

    /// Commits a row of runs, each on the one before.
    func commit(_ count: Int, to name: HeapName) async throws -> [HeapHead] {
        var heads: [HeapHead] = []
        for number in 1...count {
            heads.append(
                try await heaps.commit(
                    snapshotBytes(50, seed: UInt64(number)), to: name, replacing: heads.last,
                    by: .example("run(\(number))", runNumber: UInt32(number))))
        }
        return heads
    }

    func isThere(_ key: StorageKey) -> Bool { server.paths.contains("/heaps/\(key.path)") }
}
