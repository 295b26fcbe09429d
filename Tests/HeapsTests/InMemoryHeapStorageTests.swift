import Logging
import Synchronization
import Testing

@testable import Heaps

@Suite("Heaps in memory")
struct InMemoryHeapStorageTests {
    private let overhead = InMemoryHeapStorage.objectOverheadByteCount

    @Test("takes as much as its budget and not a byte more")
    func budget() async throws {
        let storage = InMemoryHeapStorage(byteCountMax: 1000 + overhead, logger: .silent)
        let key = StorageKey.version(try .example(1))
        let bytes = snapshotBytes(1001)
        await #expect(throws: HeapError.storageFull(path: "memory", neededByteCount: 1001)) {
            try await storage.create(key, bytes)
        }
        #expect(try await storage.get(key, byteCountMax: 2000) == nil)
        #expect(try await storage.create(key, Array(bytes.dropLast())) == .created)
        #expect(storage.byteCount == 1000 + overhead)
    }

    @Test("gives back what a replaced or deleted head took")
    func givesBack() async throws {
        let storage = InMemoryHeapStorage(byteCountMax: 100 + overhead, logger: .silent)
        let key = StorageKey.head(try HeapName("a"))
        for _ in 0..<3 {
            let tag = try await storage.get(key, byteCountMax: 100)?.tag
            _ = try await storage.replace(key, with: snapshotBytes(100), expecting: tag)
        }
        #expect(storage.byteCount == 100 + overhead)
        _ = try await storage.delete(key, if: .always)
        #expect(storage.byteCount == 0)
    }

    @Test("counts heaps and forgets them")
    func counts() async throws {
        let storage = InMemoryHeapStorage(byteCountMax: 10_000, logger: .silent)
        #expect(storage.isEmpty)
        _ = try await storage.create(.version(try .example(1)), [1])
        for name in ["a", "b"] {
            let key = StorageKey.head(try HeapName(name))
            _ = try await storage.replace(key, with: [1], expecting: nil)
        }
        #expect(storage.count == 2)
        storage.removeAll()
        #expect(storage.isEmpty)
        #expect(storage.byteCount == 0)
        #expect(try await storage.list(.versions, prefix: "", after: nil, limit: 1).keys == [])
    }

    @Test("does not give a tag out twice")
    func tagsStayUnique() async throws {
        let storage = InMemoryHeapStorage(byteCountMax: 10_000, logger: .silent)
        let key = StorageKey.head(try HeapName("a"))
        let first = try await storage.replace(key, with: [1], expecting: nil)
        storage.removeAll()
        #expect(try await storage.replace(key, with: [1], expecting: nil) != first)
    }

    @Test("logs each stored heap without its bytes")
    func logs() async throws {
        let recorder = LogRecorder()
        let logger = Logger(label: "test") { _ in recorder }
        let storage = InMemoryHeapStorage(byteCountMax: 10_000, logger: logger)
        let key = StorageKey.version(try .example(1))
        _ = try await storage.create(key, [1, 2, 3])
        _ = try await storage.create(key, [1, 2, 3])
        #expect(recorder.lines == ["Heap stored storage.bytes=3 storage.key=\(key)"])
    }
}

/// Keeps log lines.
private final class LogRecorder: LogHandler {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey _: String) -> Logger.MetadataValue? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }
        let texts = ["\(event.message)"] + metadata.map { "\($0.key)=\($0.value)" }
        recorded.withLock { $0.append(texts.joined(separator: " ")) }
    }
}
