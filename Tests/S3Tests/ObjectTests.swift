import ScriptedS3
import Testing

@testable import S3

@Suite("Objects in a bucket", .timeLimit(.minutes(5)))
struct ObjectTests {
    @Test("sends what was asked for with writes, and on every request who pays and who owns")
    func headers() async throws {
        let bucket = try await BucketUnderTest { settings in
            settings.encryption = .kms
            settings.encryptionKeyID = "key-1"
            settings.usesBucketKey = true
            settings.requesterPays = true
            settings.expectedBucketOwner = "123456789012"
            settings.storageClass = "STANDARD_IA"
        }
        _ = try await bucket.client.put("k", [1], if: .absent, use: .bulk)
        _ = try await bucket.client.put("r", [1], if: .absent, use: .record)
        _ = try await bucket.client.head("k")
        let seen = bucket.server.seen
        #expect(seen[0].headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(seen[0].headers["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1")
        #expect(
            seen[0].headers["x-amz-server-side-encryption-bucket-key-enabled"] == "true")
        #expect(seen[0].headers["x-amz-storage-class"] == "STANDARD_IA")
        #expect(seen[1].headers["x-amz-storage-class"] == nil)
        #expect(seen[2].headers["x-amz-server-side-encryption"] == nil)
        for request in seen {
            #expect(request.headers["x-amz-request-payer"] == "requester")
            #expect(request.headers["x-amz-expected-bucket-owner"] == "123456789012")
            let signed = request.headers["authorization"] ?? ""
            #expect(signed.contains("x-amz-expected-bucket-owner;x-amz-request-payer"))
        }
    }

    @Test(
        "sends and asks for checksums, unless told not to", arguments: S3Settings.Checksums.allCases
    )
    func checksums(_ use: S3Settings.Checksums) async throws {
        let bucket = try await BucketUnderTest { $0.checksums = use }
        _ = try await bucket.put()
        _ = try await bucket.get()
        let isSent = use == .whenSupported
        #expect((bucket.server.seen[0].headers["x-amz-checksum-sha256"] != nil) == isSent)
        #expect((bucket.server.seen[1].headers["x-amz-checksum-mode"] != nil) == isSent)
    }

    @Test(
        "gives entity tags back as the service wants them",
        arguments: [
            (S3Settings.TagQuoting.quoted, "\"abc\"", "\"abc\""), (.unquoted, "\"abc\"", "abc"),
            (.quoted, "abc", "\"abc\""),
        ])
    func quoting(
        _ quoting: S3Settings.TagQuoting, _ tag: String, _ sent: String
    ) async throws {
        let bucket = try await BucketUnderTest { $0.tagQuoting = quoting }
        _ = try await bucket.put(if: .unchanged(tag))
        #expect(bucket.server.seen[0].headers["if-match"] == sent)
    }

    @Test(
        "writes a large object in parts, of which nothing stays", arguments: [15, 16, 17, 64, 65])
    func parts(_ byteCount: Int) async throws {
        let bucket = try await BucketUnderTest { settings in
            settings.multipartThreshold = 16
            settings.partByteCount = 8
        }
        let bytes = (0..<byteCount).map { UInt8($0) }
        let outcome = try await bucket.client.put("big", bytes, if: .absent, use: .bulk)
        guard case .stored(let tag) = outcome else {
            return #expect(Bool(false), "there was none before")
        }
        let read = try #require(try await bucket.client.get("big", byteCountMax: 100))
        #expect(read.bytes == bytes)
        #expect(read.info.tag == tag)
        #expect(bucket.server.uploadCount == 0)
        let partCount = byteCount > 16 ? (byteCount + 7) / 8 : 0
        #expect(bucket.server.seen.count { $0.query["partNumber"] != nil } == partCount)
        let again = try await bucket.client.put("big", bytes, if: .absent, use: .bulk)
        #expect(again == .refused(afterUncertainAttempt: false))
        #expect(bucket.server.uploadCount == 0)
    }

    @Test("gives an upload up whole if a part cannot be sent")
    func abandonedParts() async throws {
        let bucket = try await BucketUnderTest { settings in
            settings.multipartThreshold = 16
            settings.partByteCount = 8
        }
        bucket.server.fail(.error(403, "AccessDenied")) { $0.query["partNumber"] == "3" }
        let bytes = [UInt8](repeating: 1, count: 40)
        await #expect(throws: S3Error.self) {
            try await bucket.client.put("big", bytes, if: .absent, use: .bulk)
        }
        #expect(bucket.server.uploadCount == 0)
        #expect(bucket.server.paths.isEmpty)
    }

    @Test("knows its own upload again if the answer to its end was lost")
    func lostEnd() async throws {
        let bucket = try await BucketUnderTest { settings in
            settings.multipartThreshold = 16
            settings.partByteCount = 8
        }
        bucket.server.fail(Fault(.reset, work: .done)) {
            $0.method == "POST" && $0.query["uploadId"] != nil
        }
        let bytes = [UInt8](repeating: 1, count: 40)
        guard case .stored = try await bucket.client.put("big", bytes, if: .absent, use: .bulk)
        else { return #expect(Bool(false), "it was finished by the first attempt") }
        #expect(try await bucket.client.get("big", byteCountMax: 40)?.bytes == bytes)
    }

    @Test("lists more than fit on a page", arguments: [1, 2, 3, 10])
    func lists(_ limit: Int) async throws {
        let bucket = try await BucketUnderTest()
        for name in ["a/1", "a/2", "a/3", "b/1"] { _ = try await bucket.put(name) }
        var found: [String] = []
        var after: String?
        while true {
            let page = try await bucket.client.list(prefix: "a/", after: after, limit: limit)
            #expect(page.keys.count <= limit)
            found += page.keys
            after = page.keys.last
            if page.isComplete { break }
        }
        #expect(found == ["a/1", "a/2", "a/3"])
    }

    @Test("reads the beginning of an object, also of an empty one")
    func beginnings() async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put("empty", "")
        let found = try await bucket.client.getBeginning(of: "empty", byteCountMax: 10)
        #expect(found?.info.byteCount == 0)
        #expect(try await bucket.client.getBeginning(of: "none", byteCountMax: 10) == nil)
    }

    @Test("refuses a larger object without reading it")
    func bounds() async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put("k", "12345")
        await #expect(throws: S3Error.tooLarge(byteCount: 5, limit: 4)) {
            try await bucket.client.get("k", byteCountMax: 4)
        }
    }

    @Test("takes the region from where it is given, and says where it could be")
    func regions() async throws {
        let found = try await BucketUnderTest(variables: ["AWS_DEFAULT_REGION": "eu-north-1"])
        #expect(found.client.endpoint.signingRegion == "eu-north-1")
        let error = await #expect(throws: S3Error.self) {
            _ = try await BucketUnderTest { $0.endpoint = nil }
        }
        #expect("\(try #require(error))".contains("--s3-region"))
    }
}
