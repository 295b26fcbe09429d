@testable import Heaps

/// A repository with a clock that a test moves, beside another that uses the same storage.
struct RepositoryUnderTest {
    let clock = FakeClock()
    let storage: InterceptedStorage
    /// Passes through what is intercepted.
    let heaps: HeapRepository
    /// Another server, which does not.
    let other: HeapRepository
    private let opened: StorageUnderTest.Opened

    init(_ storage: StorageUnderTest) async throws {
        opened = try await storage.openTwice { [clock] in clock.now }
        self.storage = InterceptedStorage(opened.one)
        let repository = { [clock] (storage: any HeapStorage) in
            HeapRepository(
                storage: storage, snapshotByteCountMax: 1 << 20, now: { clock.now },
                logger: .silent)
        }
        heaps = repository(self.storage)
        other = repository(opened.other)
    }

    /// Commits a row of runs, each on the one before, and lets them grow old.
    func commit(_ count: Int, to name: HeapName) async throws -> [HeapVersion] {
        var heads: [HeapHead] = []
        for number in 1...count {
            let run = RunDescription.example("run(\(number))", runNumber: UInt32(number))
            heads.append(
                try await other.commit(
                    snapshotBytes(50, seed: UInt64(number)), to: name, replacing: heads.last,
                    by: run))
        }
        clock.advance(.seconds(7200))
        return heads.map(\.version)
    }

    /// Which of these are stored.
    func stored(_ versions: [HeapVersion]) async throws -> [HeapVersion] {
        var stored: [HeapVersion] = []
        for version in versions {
            let object = try await opened.other.get(.version(version), byteCountMax: 1 << 20)
            if object != nil { stored.append(version) }
        }
        return stored
    }

    /// Changes a stored object behind everyone's back; nil removes it.
    func overwrite(
        _ key: StorageKey, _ change: ([UInt8]) -> [UInt8]?
    ) async throws {
        let old = try await opened.other.get(key, byteCountMax: 1 << 20)
        _ = try await opened.other.delete(key, if: .always)
        guard let bytes = change(old?.bytes ?? []) else { return }
        switch key.folder {
        case .heads: _ = try await opened.other.replace(key, with: bytes, expecting: nil)
        case .versions: _ = try await opened.other.create(key, bytes)
        }
    }
}
