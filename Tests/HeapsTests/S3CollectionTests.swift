import ScriptedS3
import Testing

@testable import Heaps
@testable import S3

/// Removing what is old in two steps: `docs/decisions/` has the argument that this is safe.
@Suite("Garbage collection in S3", .timeLimit(.minutes(5)))
struct S3CollectionTests {
    private let grace = S3HeapStorage.condemnedGrace

    /// A version that is two hours old, and condemned so long ago.
    private func condemned(_ ago: Duration) async throws -> (place: S3Place, limit: WallTime) {
        let place = try await S3Place()
        _ = try await place.storage.create(place.version, [1])
        place.clock.advance(.seconds(7200))
        let limit = place.clock.now - .seconds(3600)
        let first = try await place.storage.delete(place.version, if: .writtenBefore(limit))
        #expect(first == .changed)
        place.clock.advance(ago)
        return (place, limit)
    }

    @Test("keeps what is condemned until the grace is over", arguments: [0, 1, 899, 900, 5000])
    func grace(_ seconds: Int) async throws {
        let (place, limit) = try await condemned(.seconds(seconds))
        let outcome = try await place.other.delete(place.version, if: .writtenBefore(limit))
        #expect(outcome == (seconds >= 900 ? .deleted : .changed))
        #expect(place.isThere(place.version) == (seconds < 900))
        // Nothing of it is left over.
        if seconds >= 900 { #expect(place.server.paths.isEmpty) }
    }

    @Test(
        "lets a refresh win in the first half of the grace, and lose in the second",
        arguments: [0, 449, 450, 899])
    func refreshes(_ seconds: Int) async throws {
        let (place, limit) = try await condemned(.seconds(seconds))
        let outcome = try await place.other.refresh(place.version)
        #expect(outcome == (seconds < 450 ? .done : .absent))
        place.clock.advance(grace)
        let deleted = try await place.storage.delete(place.version, if: .writtenBefore(limit))
        #expect(deleted == (seconds < 450 ? .changed : .deleted))
        #expect(place.isThere(place.version) == (seconds < 450))
    }

    @Test("counts the mark that a refresh took away no more")
    func marksAnew() async throws {
        let (place, _) = try await condemned(.seconds(60))
        _ = try await place.other.refresh(place.version)
        place.clock.advance(.seconds(7200))
        let limit = place.clock.now - .seconds(3600)
        // Old again, and condemned again: from the beginning.
        let again = try await place.storage.delete(place.version, if: .writtenBefore(limit))
        #expect(again == .changed)
        #expect(place.isThere(place.version))
    }

    @Test("takes no notice of a mark that is older than the object")
    func staleMarks() async throws {
        let (place, _) = try await condemned(grace)
        // A collector that ended between its two deletes, and an import of the same version.
        place.server.overwrite("/heaps/\(place.version.path)", with: nil)
        #expect(try await place.storage.create(place.version, [1]) == .created)
        #expect(try await place.storage.refresh(place.version) == .done)
        place.clock.advance(.seconds(7200))
        let limit = place.clock.now - .seconds(3600)
        let outcome = try await place.storage.delete(place.version, if: .writtenBefore(limit))
        #expect(outcome == .changed)
        #expect(place.isThere(place.version))
    }

    @Test("removes old versions in two passes, and keeps what a name points at")
    func collects() async throws {
        let place = try await S3Place()
        let name = try HeapName("counter")
        let heads = try await place.commit(5, to: name)
        place.clock.advance(.seconds(7200))
        var policy = RetentionPolicy()
        policy.versionCountPerHeap = 2
        let first = try await place.heaps.collectGarbage(policy)
        #expect((first.removedCount, first.youngCount) == (0, 3))
        let fork = try HeapName("fork")
        _ = try await place.heaps.fork(.version(heads[0].version), to: fork, ifTaken: .refuse)
        place.clock.advance(.seconds(3601))
        let second = try await place.heaps.collectGarbage(policy)
        #expect(second.removedCount == 2)
        let stored = heads.map { place.isThere(.version($0.version)) }
        #expect(stored == [true, false, false, true, true])
    }

    @Test("tells a fork that comes too late, and leaves no head that points at nothing")
    func lateFork() async throws {
        let place = try await S3Place()
        let heads = try await place.commit(3, to: try HeapName("counter"))
        place.clock.advance(.seconds(7200))
        var policy = RetentionPolicy()
        policy.versionCountPerHeap = 1
        _ = try await place.heaps.collectGarbage(policy)
        place.clock.advance(.seconds(600))
        let version = heads[0].version
        await #expect(throws: HeapError.versionNotFound(version)) {
            try await place.heaps.fork(
                .version(version), to: try HeapName("fork"), ifTaken: .refuse)
        }
        #expect(!place.isThere(.head(try HeapName("fork"))))
    }

    @Test("reckons ages by the service's own clock")
    func otherClock() async throws {
        let clock = FakeClock()
        let server = try await ScriptedServer(
            now: { Timestamp(clock.now) + .seconds(600) })
        let client = try await S3Client.ofTest(endpoint: server.endpoint)
        let storage = S3HeapStorage(client: client, prefix: "", now: { clock.now })
        let key = StorageKey.version(try .example(1))
        _ = try await storage.create(key, [1])
        let written = try await storage.getBeginning(of: key, byteCountMax: 1)?.written
        #expect(written == clock.now)
    }
}
