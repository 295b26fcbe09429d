import Foundation
import S3
import ScriptedS3
import Testing

@testable import Heaps

/// A storage that the contract is held against; a new one joins by one line in ``all``.
struct StorageUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// For how long a storage that removes in two steps waits between them.
    var removalPause = Duration.zero
    /// Opens an empty place twice, as two servers would.
    private let open: @Sendable (@escaping @Sendable () -> WallTime) async throws -> Opened

    struct Opened {
        let one: any HeapStorage
        let other: any HeapStorage
        /// What has to be held for as long as the storages are used.
        var place: (any Sendable)?
    }

    private init(
        testDescription: String, removalPause: Duration = .zero,
        open: @escaping @Sendable (@escaping @Sendable () -> WallTime) async throws -> Opened
    ) {
        self.testDescription = testDescription
        self.removalPause = removalPause
        self.open = open
    }

    func openTwice(
        now: @escaping @Sendable () -> WallTime = WallTime.now
    ) async throws -> Opened {
        try await open(now)
    }

    /// Every storage; a service that runs elsewhere is one if the environment names it.
    static let all = ours + services

    /// Those that remove what is old when they are told to for the first time.
    static let atOnce = ours.filter { $0.removalPause == .zero }

    /// Those whose clock a test can move.
    static let ours = [
        StorageUnderTest(testDescription: "memory") { now in
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, now: now, logger: .silent)
            return Opened(one: storage, other: storage)
        },
        StorageUnderTest(testDescription: "files") { now in
            let place = try TemporaryDirectory()
            return Opened(
                one: try await FileHeapStorage(directoryPath: place.path, now: now),
                other: try await FileHeapStorage(directoryPath: place.path, now: now), place: place)
        },
        StorageUnderTest(testDescription: "any, of memory") { now in
            let storage = InMemoryHeapStorage(byteCountMax: 1 << 30, now: now, logger: .silent)
            return Opened(one: AnyHeapStorage.inMemory(storage), other: storage)
        },
        StorageUnderTest(
            testDescription: "S3", removalPause: S3HeapStorage.condemnedGrace
        ) { now in
            let server = try await ScriptedServer(now: { Timestamp(now()) })
            let make = {
                let client = try await S3Client.ofTest(endpoint: server.endpoint)
                return S3HeapStorage(client: client, prefix: "some/place", now: now)
            }
            let one = try await make()
            try await one.open(for: .many, logger: .silent)
            return Opened(one: AnyHeapStorage.s3(one), other: try await make(), place: server)
        },
    ]

    /// `MCP_V8_TEST_S3` holds addresses of services with a bucket `contract`, with commas between.
    private static let services = {
        let text = ProcessInfo.processInfo.environment["MCP_V8_TEST_S3"] ?? ""
        return text.split(separator: ",").map { endpoint in
            StorageUnderTest(testDescription: "S3 at \(endpoint)") { now in
                let prefix = "contract-\(UInt64.random(in: .min ... .max))"
                let make = {
                    let client = try await S3Client.ofTest(
                        endpoint: String(endpoint), bucket: "contract")
                    return S3HeapStorage(client: client, prefix: prefix, now: now)
                }
                let one = try await make()
                try await one.open(for: .many, logger: .silent)
                return Opened(one: one, other: try await make())
            }
        }
    }()
}

extension S3Client {
    /// A client of a server of tests.
    static func ofTest(
        endpoint: String, bucket: String = "heaps", timing: Timing = .impatient
    ) async throws -> S3Client {
        var settings = S3Settings(bucket: bucket)
        settings.endpoint = endpoint
        settings.region = "us-east-1"
        return try await S3Client(
            settings,
            variables: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secretexample",
                "HOME": "/nowhere",
            ],
            timing: timing, logger: .silent)
    }
}

extension Timing {
    /// The system's, without pauses between attempts.
    static let impatient = Timing(
        now: Timing.system.now,
        sleep: { duration in
            if duration >= .seconds(20) { try await Timing.system.sleep(duration) }
        },
        random: { 0 })
}

extension Timestamp {
    init(_ moment: WallTime) {
        self.init(millisecondsSince1970: moment.millisecondsSince1970)
    }
}
