import Testing

@testable import Heaps

/// What is noted on a heap whose workers broke out, and what makes it forgotten.
@Suite("Quarantine", .timeLimit(.minutes(5)))
struct QuarantineTests {
    private let name: HeapName

    init() throws { name = try HeapName("suspect") }

    @Test("a second incident quarantines a heap", arguments: StorageUnderTest.all)
    func second(_ storage: StorageUnderTest) async throws {
        let it = try await RepositoryUnderTest(storage)
        _ = try await it.commit(1, to: name)
        let first = try #require(try await it.heaps.noteIncident(on: name))
        #expect(first.incidentCount == 1 && !first.isQuarantined)
        let second = try #require(try await it.other.noteIncident(on: name))
        #expect(second.incidentCount == 2 && second.isQuarantined)
        #expect(try await it.heaps.head(of: name) == second)
    }

    @Test("a run that goes well does not make an incident forgotten")
    func commit() async throws {
        let it = try await RepositoryUnderTest(StorageUnderTest.all[0])
        _ = try await it.commit(1, to: name)
        let head = try await it.heaps.noteIncident(on: name)
        let next = try await it.heaps.commit(
            snapshotBytes(50, seed: 9), to: name, replacing: head, by: .example("x", runNumber: 2))
        #expect(next.incidentCount == 1)
        #expect(try await it.heaps.head(of: name) == next)
    }

    @Test("a release makes incidents forgotten and leaves the version")
    func release() async throws {
        let it = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let versions = try await it.commit(2, to: name)
        for _ in 1...3 { _ = try await it.heaps.noteIncident(on: name) }
        let head = try await it.heaps.release(name)
        #expect(head.incidentCount == 0 && head.version == versions[1])
        #expect(try await it.heaps.release(name) == head)
    }

    @Test("going back to a version makes them forgotten, a copy of the heap does not")
    func fork() async throws {
        let it = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let versions = try await it.commit(2, to: name)
        for _ in 1...2 { _ = try await it.heaps.noteIncident(on: name) }
        let copy = try await it.heaps.fork(.head(name), to: HeapName("copy"), ifTaken: .refuse)
        #expect(copy.head.isQuarantined)
        let back = try await it.heaps.fork(
            .version(versions[0]), to: name, ifTaken: .replace)
        #expect(back.head.incidentCount == 0 && back.head.version == versions[0])
    }

    @Test("nothing is noted on a heap that is not there")
    func absent() async throws {
        let it = try await RepositoryUnderTest(StorageUnderTest.all[0])
        #expect(try await it.heaps.noteIncident(on: name) == nil)
        await #expect(throws: HeapError.heapNotFound(name, existing: [])) {
            try await it.heaps.release(name)
        }
    }

    @Test("a head without incidents is written as it always was", arguments: [0, 1, 65_535])
    func format(_ count: UInt16) throws {
        let head = HeapHead(
            name: name, version: try .example(1),
            runNumber: 3, snapshotByteCount: 50, updated: WallTime(millisecondsSince1970: 7),
            generation: 4, incidentCount: count, nonce: 5, tag: StorageTag("t"))
        let bytes = head.encoded(keys: nil)
        #expect(bytes[8] == (count == 0 ? 1 : 3))
        let object = StoredObject(bytes: bytes, tag: head.tag)
        #expect(try HeapHead(object, of: name, keys: nil) == head)
    }
}
