import Synchronization
import Testing
import WorkerProtocol

@testable import Heaps

@Suite("Export and import", .timeLimit(.minutes(5)))
struct ArchiveTests {
    private let name: HeapName
    private let copy: HeapName

    init() throws {
        name = try HeapName("Counter")
        copy = try HeapName("copy")
    }

    private func export(
        _ reference: HeapReference, _ extent: ExportExtent, from heaps: HeapRepository
    ) async throws -> [UInt8] {
        let file = Mutex<[UInt8]>([])
        _ = try await heaps.export(reference, extent) { bytes in file.withLock { $0 += bytes } }
        return file.withLock { $0 }
    }

    private func reader(_ file: [UInt8]) throws(HeapError) -> HeapArchiveReader {
        let rest = Mutex(file[...])
        return try HeapArchiveReader(snapshotByteCountMax: 1 << 20) { count in
            rest.withLock { rest in
                defer { rest = rest.dropFirst(count) }
                return Array(rest.prefix(count))
            }
        }
    }

    @Test("gives back a heap with its history", arguments: StorageUnderTest.all)
    func roundTrip(_ storage: StorageUnderTest) async throws {
        let from = try await RepositoryUnderTest(storage)
        let versions = try await from.commit(3, to: name)
        let file = try await export(.head(name), .history, from: from.heaps)
        let archive = try reader(file)
        #expect(archive.name == name)
        #expect(archive.versionCount == 3)

        let to = try await RepositoryUnderTest(storage)
        let move = try await to.heaps.store(archive, as: copy, ifTaken: .refuse)
        #expect((move.head.version, move.head.runNumber) == (versions[2], 3))
        let original = try await from.heaps.history(of: .head(name), limit: 9)
        #expect(try await to.heaps.history(of: .head(copy), limit: 9) == original)
        for version in versions {
            let loaded = try await to.heaps.load(version, for: .ours)
            #expect(try await from.heaps.load(version, for: .ours) == loaded)
        }
    }

    @Test("gives back one version, under no name if it had none")
    func oneVersion() async throws {
        let from = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let versions = try await from.commit(3, to: name)
        let file = try await export(.version(versions[1]), .version, from: from.heaps)
        let archive = try reader(file)
        #expect(archive.name == nil)
        let to = try await RepositoryUnderTest(StorageUnderTest.all[0])
        _ = try await to.heaps.store(archive, as: copy, ifTaken: .refuse)
        let history = try await to.heaps.history(of: .head(copy), limit: 9)
        #expect(history.records.map(\.version) == [versions[1]])
        #expect(history.end == .notKept)
    }

    @Test("replaces a heap only where that is asked for")
    func takenName() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let versions = try await test.commit(2, to: name)
        let file = try await export(.version(versions[0]), .version, from: test.heaps)
        let head = try #require(try await test.heaps.head(of: name))
        await #expect(throws: HeapError.heapExists(head)) {
            try await test.heaps.store(reader(file), as: name, ifTaken: .refuse)
        }
        let move = try await test.heaps.store(reader(file), as: name, ifTaken: .replace)
        #expect(move.replaced == head)
    }

    @Test("refuses a file with any byte changed")
    func changedBytes() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        _ = try await test.commit(2, to: name)
        let file = try await export(.head(name), .history, from: test.heaps)
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 4
            let error = await #expect(throws: HeapError.self, "byte \(index)") {
                try await test.heaps.store(reader(damaged), as: copy, ifTaken: .refuse)
            }
            switch error {
            case .archiveRefused, .snapshotTooLarge: break
            default: Issue.record("byte \(index): \(String(describing: error))")
            }
        }
        #expect(try await test.heaps.head(of: copy) == nil)
        #expect(try await test.heaps.check(.snapshots, onDamage: .report).problems == [])
    }

    @Test("refuses a file that is cut or goes on")
    func changedLength() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        _ = try await test.commit(2, to: name)
        let file = try await export(.head(name), .history, from: test.heaps)
        for count in file.indices {
            await #expect(throws: HeapError.self, "\(count) bytes") {
                try await test.heaps.store(
                    reader(Array(file.prefix(count))), as: copy, ifTaken: .refuse)
            }
        }
        await #expect(throws: HeapError.archiveRefused(.extraBytes)) {
            try await test.heaps.store(reader(file + [0]), as: copy, ifTaken: .refuse)
        }
        #expect(try await test.heaps.head(of: copy) == nil)
    }

    @Test("exports nothing that is damaged")
    func damagedVersion() async throws {
        let test = try await RepositoryUnderTest(StorageUnderTest.all[0])
        let versions = try await test.commit(1, to: name)
        try await test.overwrite(.version(versions[0])) { Array($0.dropLast()) + [0x5a] }
        await #expect(throws: HeapError.self) {
            try await export(.head(name), .version, from: test.heaps)
        }
    }
}
