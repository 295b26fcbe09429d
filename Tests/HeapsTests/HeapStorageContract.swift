import Testing

@testable import Heaps

@Suite("Heap storage contract", .timeLimit(.minutes(5)))
struct HeapStorageContract {
    private let version: StorageKey
    private let head: StorageKey

    init() throws {
        version = .version(try .example(0xab))
        head = .head(try HeapName("Counter"))
    }

    @Test("has nothing at first", arguments: StorageUnderTest.all)
    func startsEmpty(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        #expect(try await opened.one.get(version, byteCountMax: 10) == nil)
        #expect(try await opened.one.getBeginning(of: head, byteCountMax: 10) == nil)
        for folder in StorageKey.Folder.allCases {
            let page = try await opened.one.list(folder, prefix: "", after: nil, limit: 5)
            #expect(page == StoragePage([], limit: 5))
        }
    }

    @Test(
        "returns through one opening what was created through another",
        arguments: StorageUnderTest.all, [0, 1, 100_000])
    func createdIsRead(_ storage: StorageUnderTest, byteCount: Int) async throws {
        let opened = try await storage.openTwice()
        let bytes = snapshotBytes(byteCount)
        #expect(try await opened.one.create(version, bytes) == .created)
        let object = try await opened.other.get(version, byteCountMax: byteCount)
        #expect(object?.bytes == bytes)
    }

    @Test("refuses to read more than asked for", arguments: StorageUnderTest.all)
    func boundsReads(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.create(version, [1, 2, 3])
        await #expect(throws: HeapError.snapshotTooLarge(byteCount: 3, limit: 2)) {
            try await opened.one.get(version, byteCountMax: 2)
        }
    }

    @Test("reads the beginning and the size", arguments: StorageUnderTest.all, [0, 2, 3, 4])
    func readsBeginnings(_ storage: StorageUnderTest, byteCountMax: Int) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.create(version, [1, 2, 3])
        let found = try await opened.one.getBeginning(of: version, byteCountMax: byteCountMax)
        let expected = Array([1, 2, 3].prefix(byteCountMax))
        #expect(found?.bytes == expected.map(UInt8.init))
        #expect(found?.byteCount == 3)
    }

    @Test("keeps what was created first", arguments: StorageUnderTest.all)
    func createsOnce(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.create(version, [1])
        #expect(try await opened.other.create(version, [2]) == .alreadyExists)
        #expect(try await opened.one.get(version, byteCountMax: 1)?.bytes == [1])
    }

    @Test("lets exactly one of racing creators win", arguments: StorageUnderTest.all)
    func oneCreatorWins(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        let outcomes = try await withThrowingTaskGroup { group in
            for index in 0..<16 as Range<UInt8> {
                let own = index % 2 == 0 ? opened.one : opened.other
                group.addTask {
                    (index, try await own.create(version, [UInt8](repeating: index, count: 9000)))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.filter { $0.1 == .created }
        try #require(winners.count == 1)
        let stored = try await opened.one.get(version, byteCountMax: 9000)
        #expect(stored?.bytes == [UInt8](repeating: winners[0].0, count: 9000))
    }

    @Test("replaces an absent head only once", arguments: StorageUnderTest.all)
    func replacesAbsence(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        let first = try await opened.one.replace(head, with: [1], expecting: nil)
        let object = try #require(try await opened.one.get(head, byteCountMax: 9))
        #expect(first == .replaced(object.tag))
        #expect(try await opened.other.replace(head, with: [2], expecting: nil) == .changed)
        #expect(try await opened.one.get(head, byteCountMax: 9)?.bytes == [1])
    }

    @Test("replaces a head only under its present tag", arguments: StorageUnderTest.all)
    func replacesUnchanged(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.replace(head, with: [1], expecting: nil)
        let old = try #require(try await opened.other.get(head, byteCountMax: 9)).tag
        guard case .replaced = try await opened.other.replace(head, with: [2], expecting: old)
        else { return #expect(Bool(false), "the tag was the present one") }
        #expect(try await opened.one.replace(head, with: [3], expecting: old) == .changed)
        #expect(try await opened.one.get(head, byteCountMax: 9)?.bytes == [2])
    }

    @Test("does not replace a deleted head under its old tag", arguments: StorageUnderTest.all)
    func deletedIsChanged(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.replace(head, with: [1], expecting: nil)
        let old = try #require(try await opened.one.get(head, byteCountMax: 9)).tag
        #expect(try await opened.one.delete(head, if: .always) == .deleted)
        #expect(try await opened.one.replace(head, with: [2], expecting: old) == .changed)
        #expect(try await opened.one.get(head, byteCountMax: 9) == nil)
    }

    @Test("deletes a head only under its present tag", arguments: StorageUnderTest.all)
    func deletesUnchanged(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.replace(head, with: [1], expecting: nil)
        let old = try #require(try await opened.one.get(head, byteCountMax: 9)).tag
        _ = try await opened.one.replace(head, with: [2], expecting: old)
        let new = try #require(try await opened.one.get(head, byteCountMax: 9)).tag
        #expect(try await opened.other.delete(head, if: .unchanged(old)) == .changed)
        #expect(try await opened.other.delete(head, if: .unchanged(new)) == .deleted)
        #expect(try await opened.other.delete(head, if: .unchanged(new)) == .absent)
    }

    @Test("deletes a version", arguments: StorageUnderTest.all)
    func deletesVersions(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        _ = try await opened.one.create(version, [1])
        #expect(try await opened.one.delete(version, if: .always) == .deleted)
        #expect(try await opened.one.delete(version, if: .always) == .absent)
        #expect(try await opened.one.create(version, [2]) == .created)
    }

    @Test("loses no increment of racing writers", arguments: StorageUnderTest.all)
    func countersAddUp(_ storage: StorageUnderTest) async throws {
        let opened = try await storage.openTwice()
        try await withThrowingDiscardingTaskGroup { group in
            for writer in 0..<6 {
                let own = writer % 2 == 0 ? opened.one : opened.other
                group.addTask { for _ in 0..<8 { try await increment(own) } }
            }
        }
        #expect(try await opened.one.get(head, byteCountMax: 9)?.bytes == [48])
    }

    private func increment(_ storage: any HeapStorage) async throws {
        while true {
            let object = try await storage.get(head, byteCountMax: 9)
            let count = (object?.bytes.first ?? 0) + 1
            let outcome = try await storage.replace(head, with: [count], expecting: object?.tag)
            if outcome != .changed { return }
        }
    }

    @Test("lists versions in order, page by page", arguments: StorageUnderTest.all, [1, 2, 3, 9])
    func listsVersions(_ storage: StorageUnderTest, limit: Int) async throws {
        let opened = try await storage.openTwice()
        let keys = try [0x00, 0x7f, 0x80, 0x80, 0xff].enumerated().map { index, first in
            StorageKey.version(try .example(UInt8(first), UInt8(index)))
        }
        for key in keys.reversed() { _ = try await opened.one.create(key, [1]) }
        var listed: [StorageKey] = []
        var after: StorageKey?
        repeat {
            let page = try await opened.other.list(
                .versions, prefix: "", after: after, limit: limit)
            #expect(page.keys.count <= limit)
            listed += page.keys
            after = page.next
        } while after != nil
        #expect(listed == keys)
    }

    @Test(
        "lists what starts so", arguments: StorageUnderTest.all,
        [("", 3), ("a", 2), ("ab", 1), ("abc", 0), ("~", 0)])
    func listsPrefixes(
        _ storage: StorageUnderTest, _ example: (prefix: String, count: Int)
    ) async throws {
        let opened = try await storage.openTwice()
        for name in ["ab", "aa", "b"] {
            let key = StorageKey.head(try HeapName(name))
            _ = try await opened.one.replace(key, with: [1], expecting: nil)
        }
        let page = try await opened.one.list(
            .heads, prefix: example.prefix, after: nil, limit: 10)
        #expect(page.keys.count == example.count)
    }

    @Test(
        "lists versions that start so", arguments: StorageUnderTest.all,
        [("a", 2), ("ab", 1), ("ab07", 1), ("ab08", 0), ("c", 0)])
    func listsVersionPrefixes(
        _ storage: StorageUnderTest, _ example: (prefix: String, count: Int)
    ) async throws {
        let opened = try await storage.openTwice()
        for first in [0xab, 0xac, 0xb0] as [UInt8] {
            _ = try await opened.one.create(.version(try .example(first)), [1])
        }
        let page = try await opened.one.list(
            .versions, prefix: example.prefix, after: nil, limit: 10)
        #expect(page.keys.count == example.count)
    }
}
