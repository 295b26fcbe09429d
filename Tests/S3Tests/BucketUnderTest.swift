import Logging
import ScriptedS3

@testable import S3

/// A client of a scripted server, with a clock that a test moves.
struct BucketUnderTest {
    let server: ScriptedServer
    let timing: TestTiming
    let client: S3Client

    init(
        serverAhead: Duration = .zero, _ change: (inout S3Settings) -> Void = { _ in },
        variables: [String: String] = [:]
    ) async throws {
        let timing = TestTiming()
        self.timing = timing
        server = try await ScriptedServer(now: { timing.now + serverAhead })
        var settings = S3Settings(bucket: "heaps")
        settings.endpoint = server.endpoint
        settings.silenceMax = TestTiming.patience
        change(&settings)
        client = try await S3Client(
            settings,
            variables: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secretexample",
                "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere",
            ].merging(variables) { $1 },
            timing: timing.timing, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func put(
        _ key: String = "key", _ text: String = "value", if condition: S3WriteCondition = .absent
    ) async throws -> S3WriteOutcome {
        try await client.put(key, Array(text.utf8), if: condition, use: .record)
    }

    func get(_ key: String = "key") async throws -> String? {
        try await client.get(key, byteCountMax: 1000).map {
            String(decoding: $0.bytes, as: UTF8.self)
        }
    }
}
