import Testing

@testable import Heaps

@Suite("Heap storage contract, upkeep", .timeLimit(.minutes(5)))
struct HeapStorageUpkeepContract {
    private let clock = FakeClock()
    private let keys: [StorageKey]

    init() throws {
        keys = [.version(try .example(0xab)), .head(try HeapName("Counter"))]
    }

    private func open(_ storage: StorageUnderTest) async throws -> StorageUnderTest.Opened {
        let opened = try await storage.openTwice { [clock] in clock.now }
        _ = try await opened.one.create(keys[0], [1])
        _ = try await opened.one.replace(keys[1], with: [1], expecting: nil)
        return opened
    }

    @Test("deletes what was written before a moment", arguments: StorageUnderTest.ours)
    func deletesOld(_ storage: StorageUnderTest) async throws {
        let opened = try await open(storage)
        clock.advance(.seconds(7200))
        let limit = clock.now - .seconds(3600)
        for key in keys {
            if storage.removalPause > .zero {
                let first = try await opened.one.delete(key, if: .writtenBefore(limit))
                #expect(first == .changed)
                #expect(try await opened.one.get(key, byteCountMax: 9)?.bytes == [1])
                clock.advance(storage.removalPause)
            }
            #expect(try await opened.other.delete(key, if: .writtenBefore(limit)) == .deleted)
            #expect(try await opened.one.get(key, byteCountMax: 9) == nil)
            #expect(try await opened.other.delete(key, if: .writtenBefore(limit)) == .absent)
        }
    }

    @Test("keeps what was written or refreshed since", arguments: StorageUnderTest.ours)
    func keepsYoung(_ storage: StorageUnderTest) async throws {
        let opened = try await open(storage)
        let early = clock.now - .seconds(3600)
        #expect(try await opened.other.delete(keys[0], if: .writtenBefore(early)) == .changed)
        clock.advance(.seconds(7200))
        #expect(try await opened.other.refresh(keys[0]) == .done)
        let late = clock.now - .seconds(3600)
        #expect(try await opened.one.delete(keys[0], if: .writtenBefore(late)) == .changed)
        #expect(try await opened.one.get(keys[0], byteCountMax: 9)?.bytes == [1])
        let written = try await opened.one.getBeginning(of: keys[0], byteCountMax: 0)?.written
        #expect(written == clock.now)
    }

    @Test("moves an object out of the way", arguments: StorageUnderTest.ours)
    func setsAside(_ storage: StorageUnderTest) async throws {
        let opened = try await open(storage)
        for key in keys {
            #expect(try await opened.other.setAside(key) == .done)
            #expect(try await opened.one.get(key, byteCountMax: 9) == nil)
            let page = try await opened.one.list(key.folder, prefix: "", after: nil, limit: 9)
            #expect(page.keys.isEmpty)
        }
        #expect(try await opened.one.create(keys[0], [2]) == .created)
        #expect(try await opened.one.setAside(keys[0]) == .done)
    }

    @Test("does nothing to what is not there", arguments: StorageUnderTest.ours)
    func absent(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        for key in keys {
            #expect(try await opened.one.refresh(key) == .absent)
            #expect(try await opened.one.setAside(key) == .absent)
        }
    }
}
