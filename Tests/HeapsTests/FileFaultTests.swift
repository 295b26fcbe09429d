import Glibc
import Testing

@testable import Heaps

/// Every step of a commit fails, or is the last before a crash.
///
/// A commit here is what ``HeapRepository`` does: create a version, then move the head to it.
@Suite("Files under faults", .timeLimit(.minutes(5)))
struct FileFaultTests {
    private static let old = snapshotBytes(100, seed: 1)
    private static let new = snapshotBytes(100, seed: 2)
    private let oldVersion: StorageKey
    private let newVersion: StorageKey
    private let head: StorageKey

    init() throws {
        oldVersion = .version(try .example(1))
        newVersion = .version(try .example(2))
        head = .head(try HeapName("a"))
    }

    private func opened(_ files: SimulatedFiles) throws(HeapError) -> HeapDirectory {
        let directory = HeapDirectory(operations: files, location: "/heaps")
        try directory.prepare(now: .example)
        return directory
    }

    /// Makes version and head, as an acknowledged run.
    private func commit(
        _ bytes: [UInt8], as version: StorageKey, in directory: HeapDirectory
    ) throws(HeapError) {
        _ = try directory.create(version, bytes)
        let tag = try directory.get(head, byteCountMax: 999)?.tag
        let outcome = try directory.replace(
            head, with: Array(version.name.utf8), expecting: tag)
        guard case .replaced = outcome else {
            throw .storageUnavailable(path: head.path, reason: "\(outcome)")
        }
    }

    private func filesWithOldVersion() throws -> SimulatedFiles {
        let files = SimulatedFiles()
        try commit(Self.old, as: oldVersion, in: try opened(files))
        return files
    }

    @Test(
        "has an object that was set aside in one place or the other, wherever the process ends",
        arguments: SimulatedFiles.Restart.allCases)
    func setAside(_ restart: SimulatedFiles.Restart) throws {
        var isDone = false
        var step = 0
        while !isDone && step < 100 {
            step += 1
            let files = try filesWithOldVersion()
            let directory = try opened(files)
            files.inject(.crash, atStep: step)
            do {
                isDone = try directory.setAside(oldVersion) == .done
            } catch {}
            let after = try opened(files.restarted(after: restart))
            let moved = try after.read("damaged/versions-\(oldVersion.name)") { $0 }
            let kept = try after.get(oldVersion, byteCountMax: 999)
            #expect(moved?.bytes == Self.old || kept?.bytes == Self.old, "step \(step)")
            #expect(kept == nil || !isDone, "step \(step)")
        }
        #expect(isDone && step > 5)
    }

    /// Checks what a new process finds, and that it can go on.
    private func check(
        _ files: SimulatedFiles, acknowledged: Bool, _ comment: Comment
    ) throws {
        let directory = try opened(files)
        #expect(try directory.get(oldVersion, byteCountMax: 999)?.bytes == Self.old, comment)
        let version = try directory.get(newVersion, byteCountMax: 999)?.bytes
        #expect(version == nil || version == Self.new, comment)
        let found = try #require(try directory.get(head, byteCountMax: 999), comment)
        let isNew = found.bytes == Array(newVersion.name.utf8)
        #expect(isNew || found.bytes == Array(oldVersion.name.utf8), comment)
        #expect(isNew || !acknowledged, comment)
        #expect(version != nil || !isNew, comment)
        #expect(try files.names(in: "tmp").isEmpty, comment)
        try commit(Self.new, as: newVersion, in: directory)
        #expect(try directory.get(newVersion, byteCountMax: 999)?.bytes == Self.new, comment)
        #expect(files.mistakes.isEmpty, comment)
    }

    @Test("a crash at any step loses nothing", arguments: SimulatedFiles.Restart.allCases)
    func crash(_ restart: SimulatedFiles.Restart) throws {
        try forEachStep { files, directory, step in
            files.inject(.crash, atStep: step)
            let acknowledged = succeeds { try commit(Self.new, as: newVersion, in: directory) }
            try check(
                files.restarted(after: restart), acknowledged: acknowledged, "step \(step)")
        }
    }

    @Test(
        "an error at any step loses nothing, now and after the power went",
        arguments: [ENOSPC, EIO], SimulatedFiles.Restart.allCases)
    func failure(_ code: CInt, _ restart: SimulatedFiles.Restart) throws {
        try forEachStep { files, directory, step in
            files.inject(.failure(code), atStep: step)
            let acknowledged = succeeds { try commit(Self.new, as: newVersion, in: directory) }
            let now = try #require(try directory.get(head, byteCountMax: 999)).bytes
            #expect(
                now == Array(newVersion.name.utf8)
                    || !acknowledged && now == Array(oldVersion.name.utf8))
            try check(
                files.restarted(after: restart), acknowledged: acknowledged, "step \(step)")
        }
    }

    @Test(
        "an interrupted call and a short write go unnoticed",
        arguments: [.failure(EINTR), .shortWrite] as [SimulatedFiles.Fault])
    func goesOn(_ fault: SimulatedFiles.Fault) throws {
        try forEachStep { files, directory, step in
            files.inject(fault, atStep: step)
            try commit(Self.new, as: newVersion, in: directory)
            try check(
                files.restarted(after: .powerLost), acknowledged: true, "step \(step)")
        }
    }

    @Test("a full disk is told as such and leaves nothing behind")
    func fullDisk() throws {
        let files = try filesWithOldVersion()
        let directory = try opened(files)
        files.inject(.failure(ENOSPC), atStep: 3)
        #expect(throws: HeapError.storageFull(path: "/heaps", neededByteCount: 100)) {
            try directory.create(newVersion, Self.new)
        }
        #expect(try files.names(in: "tmp").isEmpty)
        #expect(try directory.create(newVersion, Self.new) == .created)
    }

    @Test("writes nothing more once a folder could not be synchronised")
    func stopsAfterFailedSynchronise() throws {
        let files = try filesWithOldVersion()
        let directory = try opened(files)
        // Open the folder, create, write, synchronise, link, remove, synchronise the folder.
        files.inject(.failure(EIO), atStep: 7)
        let first = try #require(
            #expect(throws: HeapError.self) { try directory.create(newVersion, Self.new) })
        #expect(throws: first) { try directory.create(newVersion, Self.new) }
        #expect(throws: first) { try directory.replace(head, with: [1], expecting: nil) }
        #expect(throws: first) { try directory.delete(head, if: .always) }
        #expect(try directory.get(oldVersion, byteCountMax: 999)?.bytes == Self.old)
    }

    @Test(
        "goes on after every failure but that of a synchronisation",
        arguments: [EMFILE, ENFILE, ENOMEM, EACCES, EIO])
    func goesOnAfterFailures(_ code: CInt) throws {
        var failureCount = 0
        try forEachStep { files, directory, step in
            files.inject(.failure(code), atStep: step)
            let succeeded = succeeds { try commit(Self.new, as: newVersion, in: directory) }
            guard !succeeded, !files.hasFailedToSynchronize else { return }
            failureCount += 1
            #expect(directory.failure == nil, "step \(step)")
            try commit(Self.new, as: newVersion, in: directory)
            #expect(directory.failure == nil, "step \(step)")
        }
        #expect(failureCount > 5)
    }

    @Test(
        "a directory that was half made is finished by the next start",
        arguments: SimulatedFiles.Restart.allCases)
    func preparation(_ restart: SimulatedFiles.Restart) throws {
        let dryRun = SimulatedFiles()
        _ = try opened(dryRun)
        for step in 1...dryRun.stepCount {
            let files = SimulatedFiles()
            files.inject(.crash, atStep: step)
            _ = succeeds { _ = try opened(files) }
            let found = files.restarted(after: restart)
            let directory = try opened(found)
            try commit(Self.new, as: newVersion, in: directory)
            let again = try opened(found.restarted(after: .powerLost))
            let bytes = try again.get(newVersion, byteCountMax: 999)?.bytes
            #expect(bytes == Self.new, "step \(step)")
        }
    }

    private func succeeds(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            return false
        }
    }

    /// Gives out a fresh directory for every step that a commit has.
    private func forEachStep(
        _ body: (SimulatedFiles, HeapDirectory, Int) throws -> Void
    ) throws {
        let dryRun = try filesWithOldVersion()
        let directory = try opened(dryRun)
        let start = dryRun.stepCount
        try commit(Self.new, as: newVersion, in: directory)
        let stepCount = dryRun.stepCount - start
        #expect(stepCount > 15)
        for step in 1...stepCount {
            let files = try filesWithOldVersion()
            try body(files, try opened(files), step)
        }
    }
}
