import Foundation
import Glibc
import Testing

@testable import Heaps

@Suite("Heaps in files", .timeLimit(.minutes(5)))
struct FileHeapStorageTests {
    private let place: TemporaryDirectory
    private let path: String

    init() throws {
        place = try TemporaryDirectory()
        path = place.path + "/a/heaps"
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func makeDirectory(mode: Int = 0o700) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        // Not with the creation, where the process's mask has a say.
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func refusal() async throws -> StorageRefusal? {
        do {
            _ = try await FileHeapStorage(directoryPath: path)
            return nil
        } catch .storageRefused(_, let refusal) {
            return refusal
        }
    }

    @Test("makes the directory and those above it, for the owner alone")
    func makesDirectory() async throws {
        let storage = try await FileHeapStorage(directoryPath: path + "/")
        let key = StorageKey.version(try .example(0xab))
        _ = try await storage.create(key, [1, 2])
        #expect(try mode(place.path + "/a") == 0o700)
        #expect(try mode(path) == 0o700)
        #expect(try mode(path + "/versions/ab") == 0o700)
        #expect(try mode(path + "/" + key.path) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/tmp").isEmpty)
        let format = try String(contentsOfFile: path + "/format", encoding: .utf8)
        #expect(format == "mcp-v8 heaps 1\n")
    }

    @Test("keeps what was stored for the next start")
    func survivesRestart() async throws {
        let key = StorageKey.version(try .example(3))
        _ = try await FileHeapStorage(directoryPath: path).create(key, [1, 2])
        let again = try await FileHeapStorage(directoryPath: path)
        #expect(try await again.get(key, byteCountMax: 2)?.bytes == [1, 2])
    }

    @Test("refuses a directory that others may write to", arguments: [0o770, 0o702, 0o1777])
    func writableByOthers(_ mode: Int) async throws {
        try makeDirectory(mode: mode)
        #expect(try await refusal() == .writableByOthers(mode: UInt32(mode)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test("accepts a directory that others may only read", arguments: [0o700, 0o750, 0o755])
    func readableByOthers(_ mode: Int) async throws {
        try makeDirectory(mode: mode)
        #expect(try await refusal() == nil)
    }

    @Test("refuses a directory of somebody else", .enabled(if: geteuid() == 0))
    func ownedByAnother() async throws {
        try makeDirectory()
        #expect(unsafe chown(path, 65534, 65534) == 0)
        #expect(try await refusal() == .ownedByAnother(userID: 65534, ourUserID: 0))
    }

    @Test("refuses a link that somebody else made", .enabled(if: geteuid() == 0))
    func linkOfAnother() async throws {
        try makeDirectory()
        let link = place.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(unsafe lchown(link, 65534, 65534) == 0)
        let error = HeapError.storageRefused(path: link, .linkOfAnother(userID: 65534))
        await #expect(throws: error) {
            try await FileHeapStorage(directoryPath: link)
        }
    }

    @Test("refuses a file")
    func notADirectory() async throws {
        try FileManager.default.createDirectory(
            atPath: place.path + "/a", withIntermediateDirectories: false)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(try await refusal() == .notADirectory)
    }

    @Test("refuses a directory with other things in it and leaves it alone")
    func notEmpty() async throws {
        try makeDirectory()
        try Data().write(to: URL(fileURLWithPath: path + "/thesis.tex"))
        #expect(try await refusal() == .notEmpty(found: "thesis.tex"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["thesis.tex"])
    }

    @Test("refuses another format", arguments: ["mcp-v8 heaps 2\n", "", "mcp-v8 heaps 1"])
    func anotherFormat(_ format: String) async throws {
        try makeDirectory()
        try Data(format.utf8).write(to: URL(fileURLWithPath: path + "/format"))
        #expect(try await refusal() == .unknownFormat(found: format))
    }

    @Test("says what to do about a directory that it refuses")
    func refusalsAreClear() async throws {
        try makeDirectory(mode: 0o777)
        let error = await #expect(throws: HeapError.self) {
            try await FileHeapStorage(directoryPath: path)
        }
        #expect(
            error?.description
                == "\(path) cannot keep heaps: others may write to it (mode 777). "
                + "Run chmod 700 on it.")
    }

    @Test("removes old leftovers that nobody has in use, and no others")
    func removesLeftovers() async throws {
        _ = try await FileHeapStorage(directoryPath: path)
        let used = open(path + "/tmp/used", O_CREAT | O_WRONLY, 0o600)
        defer { close(used) }
        #expect(flock(used, LOCK_SH) == 0)
        try Data([1]).write(to: URL(fileURLWithPath: path + "/tmp/dead"))
        let now = WallTime.now()
        let left = { try FileManager.default.contentsOfDirectory(atPath: path + "/tmp").sorted() }

        _ = try await FileHeapStorage(
            directoryPath: path, now: { now - .seconds(-3_500) })
        #expect(try left() == ["dead", "used"])
        _ = try await FileHeapStorage(
            directoryPath: path, now: { now - .seconds(-3_700) })
        #expect(try left() == ["used"])
    }

    @Test("lets several servers start in a new directory at once")
    func concurrentStarts() async throws {
        let key = StorageKey.version(try .example(5))
        try await withThrowingDiscardingTaskGroup { group in
            for index in 0..<6 as Range<UInt8> {
                group.addTask {
                    let storage = try await FileHeapStorage(directoryPath: path)
                    _ = try await storage.create(key, [index])
                }
            }
        }
    }

    @Test("follows no link below its directory")
    func noLinks() async throws {
        let storage = try await FileHeapStorage(directoryPath: path)
        let key = StorageKey.head(try HeapName("a"))
        try FileManager.default.createSymbolicLink(
            atPath: path + "/" + key.path, withDestinationPath: "/etc/passwd")
        await #expect(throws: HeapError.self) { try await storage.get(key, byteCountMax: 1 << 20) }
    }

    /// What may be where a head is to be, and is no file.
    enum Foreign: CaseIterable {
        case pipe
        case folder
        case link
        case socket

        func make(at path: String) throws {
            switch self {
            case .pipe: #expect(unsafe mkfifo(path, 0o600) == 0)
            case .folder:
                try FileManager.default.createDirectory(
                    atPath: path + "/in it", withIntermediateDirectories: true)
            case .link:
                try FileManager.default.createSymbolicLink(
                    atPath: path, withDestinationPath: "/etc/passwd")
            case .socket: #expect(unsafe mknod(path, S_IFSOCK | 0o600, 0) == 0)
            }
        }
    }

    @Test("waits for nothing that is no file, and tells of it", arguments: Foreign.allCases)
    func foreign(_ foreign: Foreign) async throws {
        let storage = try await FileHeapStorage(directoryPath: path)
        let heaps = HeapRepository(
            storage: storage, snapshotByteCountMax: 1 << 20, logger: .silent)
        let good = try HeapName("good")
        _ = try await heaps.commit([1], to: good, replacing: nil, by: .example())
        let bad = try HeapName("bad")
        let keys = [StorageKey.head(bad), .version(try .example(9))]
        for key in keys {
            try foreign.make(at: path + "/" + key.path)
            await #expect(throws: HeapError.damaged(key, .notAFile)) {
                try await storage.get(key, byteCountMax: 512)
            }
            await #expect(throws: HeapError.damaged(key, .notAFile)) {
                try await storage.getBeginning(of: key, byteCountMax: 0)
            }
        }
        let page = try await heaps.list(prefix: "", after: nil, limit: 10)
        #expect(page.entries.first == .damaged(bad, .notAFile))
        #expect(page.heads.map(\.name) == [good])

        let found = try await heaps.check(.snapshots, onDamage: .setAside)
        #expect(Set(found.problems.map(\.key)) == Set(keys))
        #expect(found.problems.filter { !$0.isSetAside } == [])
        #expect(try await heaps.check(.snapshots, onDamage: .setAside).problems == [])
        // What is there twice is kept twice.
        try foreign.make(at: path + "/" + keys[0].path)
        _ = try await heaps.check(.records, onDamage: .setAside)
        let kept = try FileManager.default.contentsOfDirectory(atPath: path + "/damaged")
        #expect(kept.count == 3)
    }

    @Test("starts beside leftovers that are no files", arguments: Foreign.allCases)
    func foreignLeftovers(_ foreign: Foreign) async throws {
        _ = try await FileHeapStorage(directoryPath: path)
        try foreign.make(at: path + "/tmp/left")
        let storage = try await FileHeapStorage(
            directoryPath: path, now: { WallTime.now() - .seconds(-99_999) })
        let key = StorageKey.version(try .example(3))
        #expect(try await storage.create(key, [1]) == .created)
    }

    @Test("one lock that somebody holds keeps no other heap waiting")
    func heldLock() async throws {
        let storage = try await FileHeapStorage(directoryPath: path)
        let names = try (0..<64).map { try HeapName("heap\($0)") }
        let files = try SystemFileOperations(root: path)
        let directory = HeapDirectory(operations: files, location: path)
        let heldPath = directory.lockPath(of: .head(names[0]))
        let held = open(path + "/" + heldPath, O_RDWR | O_CREAT, 0o600)
        #expect(flock(held, LOCK_EX) == 0)
        let (others, waiting) = (
            names.filter { directory.lockPath(of: .head($0)) != heldPath },
            names.filter { directory.lockPath(of: .head($0)) == heldPath }
        )
        try await withThrowingDiscardingTaskGroup { group in
            for name in waiting {
                group.addTask {
                    // On a machine with much to do it may have waited for as long as it may.
                    do throws(HeapError) {
                        _ = try await storage.replace(.head(name), with: [1], expecting: nil)
                    } catch {
                        guard case .storageBusy = error else { throw error }
                    }
                }
            }
            for name in others.prefix(3) {
                let outcome = try await storage.replace(.head(name), with: [1], expecting: nil)
                #expect(outcome != .changed)
            }
            #expect(try await storage.get(.head(names[0]), byteCountMax: 9) == nil)
            close(held)
        }
    }
}
