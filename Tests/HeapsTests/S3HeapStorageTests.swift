import ScriptedS3
import Testing

@testable import Heaps
@testable import S3

@Suite("Heaps in S3", .timeLimit(.minutes(5)))
struct S3HeapStorageTests {
    private static let lost = [
        Fault(.reset, work: .done), .error(500, "InternalError", work: .done),
        .error(503, "ServiceUnavailable", work: .done),
    ]
    private static let notDone = [
        Fault(.reset), .error(500, "InternalError"), .error(503, "SlowDown"),
        .error(409, "ConditionalRequestConflict"), .error(409, "OperationAborted"),
    ]

    @Test("knows its own head again if the answer to a write was lost", arguments: lost + notDone)
    func ownHead(_ fault: Fault) async throws {
        let place = try await S3Place()
        for expected in [nil, try await place.storage.get(place.head, byteCountMax: 9)?.tag] {
            place.server.fail(fault) { $0.method == "PUT" }
            let bytes: [UInt8] = expected == nil ? [1] : [2]
            let outcome = try await place.storage.replace(
                place.head, with: bytes, expecting: expected)
            guard case .replaced(let tag) = outcome else {
                #expect(Bool(false), "nobody else has written: \(outcome)")
                continue
            }
            let present = try await place.other.get(place.head, byteCountMax: 9)
            #expect(present == StoredObject(bytes: bytes, tag: tag))
            break
        }
    }

    @Test(
        "loses no run and acknowledges none that is not there, whatever fails",
        arguments: lost + notDone)
    func commits(_ fault: Fault) async throws {
        let place = try await S3Place()
        let name = try HeapName("counter")
        for path in ["/heaps/versions/", "/heaps/heads/"] {
            place.server.fail(fault) { $0.method == "PUT" && $0.path.hasPrefix(path) }
        }
        let heads = try await place.commit(3, to: name)
        let history = try await place.heaps.history(of: .head(name), limit: 9)
        #expect(history.records.map(\.version) == heads.reversed().map(\.version))
        #expect(history.end == .firstRun)
    }

    @Test("leaves a heap as it was if a write fails for good", arguments: ["versions", "heads"])
    func failedWrites(_ folder: String) async throws {
        let place = try await S3Place()
        let name = try HeapName("counter")
        let before = try await place.commit(1, to: name)[0]
        let fault = Fault.error(503, "SlowDown")
        place.server.fail(fault, fault, fault) {
            $0.method == "PUT" && $0.path.hasPrefix("/heaps/\(folder)/")
        }
        let error = await #expect(throws: HeapError.self) {
            try await place.heaps.commit(
                snapshotBytes(60), to: name, replacing: before, by: .example(runNumber: 2))
        }
        guard case .storageUnavailable(_, let reason) = error else {
            return #expect(Bool(false), "another error: \(String(describing: error))")
        }
        #expect(reason.contains("503 SlowDown"))
        #expect(try await place.heaps.head(of: name) == before)
    }

    @Test("says that it does not know if another wrote after its answer was lost")
    func unknown() async throws {
        let place = try await S3Place()
        guard
            case .replaced(let tag) = try await place.storage.replace(
                place.head, with: [1], expecting: nil)
        else { return #expect(Bool(false), "it was absent") }
        place.server.fail(Fault(.reset, work: .done)) { [server = place.server] request in
            guard request.method == "PUT" else { return false }
            // The retry meets what another has made of it.
            server.fail(Fault.error(412, "PreconditionFailed")) { $0.method == "PUT" }
            return true
        }
        place.server.fail(Fault.error(500, "InternalError")) { [place] request in
            guard request.method == "GET" else { return false }
            place.server.overwrite("/heaps/\(place.head.path)", with: [3])
            return true
        }
        let error = await #expect(throws: HeapError.self) {
            try await place.storage.replace(place.head, with: [2], expecting: tag)
        }
        #expect("\(try #require(error))".contains("unknown"))
    }

    @Test("does not take a head that came back for one that never went")
    func comesBack() async throws {
        let place = try await S3Place()
        let name = try HeapName("counter")
        let heads = try await place.commit(2, to: name)
        let stale = heads[1]
        // There and back: the same version, and another head.
        let away = try await place.heaps.fork(
            .version(heads[0].version), to: name, ifTaken: .replace)
        _ = try await place.heaps.fork(
            .version(heads[1].version), to: name, ifTaken: .replace)
        #expect(away.head.version == heads[0].version)
        let error = await #expect(throws: HeapError.self) {
            try await place.heaps.commit(
                snapshotBytes(70), to: name, replacing: stale, by: .example(runNumber: 3))
        }
        guard case .conflict(let conflict) = error else {
            return #expect(Bool(false), "another error: \(String(describing: error))")
        }
        #expect(conflict.kept != nil && conflict.actual?.version == heads[1].version)
    }

    @Test("sends three requests for a run on a warm heap")
    func requestCounts() async throws {
        let place = try await S3Place()
        let name = try HeapName("counter")
        let head = try await place.commit(1, to: name)[0]
        place.server.forgetSeen()
        _ = try await place.heaps.head(of: name)
        _ = try await place.heaps.commit(
            snapshotBytes(50), to: name, replacing: head, by: .example(runNumber: 2))
        #expect(place.server.seen.map(\.method) == ["GET", "PUT", "PUT"])
        place.server.forgetSeen()
        _ = try await place.heaps.load(head.version, for: .ours)
        #expect(place.server.seen.map(\.method) == ["GET"])
    }

    @Test("is not what a truncated answer says: the damage is told, and nothing is changed")
    func truncated() async throws {
        let place = try await S3Place()
        let head = try await place.commit(1, to: try HeapName("counter"))[0]
        let path = "/heaps/\(StorageKey.version(head.version).path)"
        place.server.fail(Fault(.truncated)) { $0.method == "GET" && $0.path == path }
        // The first answer does not have the checksum that it comes with.
        let loaded = try await place.heaps.load(head.version, for: .ours)
        #expect(loaded.snapshot.count == 50)
    }
}

@Suite("The probe of a bucket", .timeLimit(.minutes(5)))
struct S3ProbeTests {
    @Test("finds nothing wrong with a service that does what it should, and cleans up")
    func passes() async throws {
        let place = try await S3Place()
        try await place.storage.open(for: .many, logger: .silent)
        try await place.other.open(for: .many, logger: .silent)
        #expect(place.server.paths == ["/heaps/format"])
    }

    @Test(
        "is not misled by a write whose answer was lost", arguments: ["object", "race3"],
        ["if-none-match", "if-match"])
    func lostAnswers(_ name: String, _ condition: String) async throws {
        let place = try await S3Place()
        let isPut: @Sendable (SeenRequest) -> Bool = {
            $0.method == "PUT" && $0.path.hasSuffix("/\(name)")
        }
        place.server.fail(Fault(.reset, work: .done)) { request in
            // Not the tag that no object has.
            isPut(request) && request.headers[condition]?.contains("00000000") == false
        }
        try await place.storage.open(for: .many, logger: .silent)
        #expect(place.server.paths == ["/heaps/format"])
        // Four, and one of them again.
        #expect(place.server.seen.filter(isPut).count == 5)
    }

    @Test("refuses a service that ignores conditions, unless there is one writer")
    func refuses() async throws {
        let place = try await S3Place(conditions: .ignored)
        let error = await #expect(throws: HeapError.self) {
            try await place.storage.open(for: .many, logger: .silent)
        }
        let text = "\(try #require(error))"
        for part in ["If-None-Match", "If-Match", "--unsafe-single-writer"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(place.server.paths.isEmpty)
        try await place.storage.open(for: .one, logger: .silent)
        #expect(place.server.paths == ["/heaps/format"])
    }

    @Test("takes a service whose deletes have no conditions: they are looked at before")
    func deletes() async throws {
        let place = try await S3Place(conditions: .ignoredOnDelete)
        try await place.storage.open(for: .many, logger: .silent)
        _ = try await place.storage.replace(place.head, with: [1], expecting: nil)
        let other = StorageTag("\"0\"")
        #expect(try await place.storage.delete(place.head, if: .unchanged(other)) == .changed)
        #expect(place.isThere(place.head))
    }

    @Test("refuses a place that holds something else")
    func foreign() async throws {
        let place = try await S3Place()
        place.server.overwrite("/heaps/photos/1.jpg", with: [1])
        let error = await #expect(throws: HeapError.self) {
            try await place.storage.open(for: .many, logger: .silent)
        }
        #expect("\(try #require(error))".contains("photos/1.jpg"))
    }

    @Test("refuses a place of a later format")
    func laterFormat() async throws {
        let place = try await S3Place()
        place.server.overwrite("/heaps/format", with: Array("mcp-v8 heaps 9\n".utf8))
        await #expect(throws: HeapError.self) {
            try await place.storage.open(for: .many, logger: .silent)
        }
    }
}
