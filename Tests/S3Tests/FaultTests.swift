import ScriptedS3
import Testing

@testable import S3

@Suite("A service that fails", .timeLimit(.minutes(5)))
struct FaultTests {
    private static let puts: @Sendable (SeenRequest) -> Bool = { $0.method == "PUT" }
    private static let gets: @Sendable (SeenRequest) -> Bool = { $0.method == "GET" }

    @Test(
        "is asked again, with a signature of its own each time, until it answers",
        arguments: [
            Fault.error(500, "InternalError"), .error(503, "SlowDown"), .error(502, ""),
            .error(409, "ConditionalRequestConflict"), .error(409, "OperationAborted"),
            .error(400, "RequestTimeout"), .error(429, ""), Fault(.reset),
        ])
    func retries(_ fault: Fault) async throws {
        let bucket = try await BucketUnderTest()
        bucket.server.fail(fault, fault, where: Self.puts)
        guard case .stored = try await bucket.put() else {
            return #expect(Bool(false), "nobody else has written")
        }
        #expect(try await bucket.get() == "value")
        let puts = bucket.server.seen.filter { $0.method == "PUT" }
        #expect(puts.count == 3)
        #expect(bucket.timing.waits == [.milliseconds(500), .seconds(1)])
        // Of three attempts within a second and a half two are in the same second.
        #expect(Set(puts.map { $0.headers["authorization"] ?? "" }).count == 2)
    }

    @Test("is given up after three attempts, and the error says what was asked and answered")
    func givesUp() async throws {
        let bucket = try await BucketUnderTest()
        let fault = Fault.error(503, "SlowDown")
        bucket.server.fail(fault, fault, fault, where: Self.puts)
        let error = await #expect(throws: S3Error.self) { try await bucket.put() }
        let text = "\(try #require(error))"
        for part in ["PUT s3://heaps/key", "3 times", "503 SlowDown"] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test("is asked as often as AWS_MAX_ATTEMPTS says")
    func attempts() async throws {
        let bucket = try await BucketUnderTest(variables: ["AWS_MAX_ATTEMPTS": "5"])
        let fault = Fault.error(500, "InternalError")
        bucket.server.fail(fault, fault, fault, fault, where: Self.puts)
        guard case .stored = try await bucket.put() else {
            return #expect(Bool(false), "the fifth attempt is answered")
        }
    }

    @Test(
        "is given the pause that it asks for",
        arguments: [
            ("Retry-After", "7", Duration.seconds(7)),
            ("x-amz-retry-after", "2500", .milliseconds(2500)),
            ("Retry-After", "100000", .seconds(20)), ("Retry-After", "soon", .milliseconds(500)),
        ])
    func askedPauses(_ name: String, _ value: String, _ pause: Duration) async throws {
        let bucket = try await BucketUnderTest()
        bucket.server.fail(
            .error(503, "SlowDown", headers: [(name, value)]), where: Self.puts)
        _ = try await bucket.put()
        #expect(bucket.timing.waits == [pause])
    }

    @Test("that is silent is given up after the client's patience, and asked again")
    func silence() async throws {
        let bucket = try await BucketUnderTest()
        let timing = bucket.timing
        let before = timing.now
        bucket.server.fail(Fault(.silence)) { request in
            guard request.method == "PUT" else { return false }
            timing.beSilent()
            return true
        }
        _ = try await bucket.put()
        #expect(try await bucket.get() == "value")
        #expect(timing.now.duration(since: before) >= TestTiming.patience)
    }

    @Test("whose clock is another is signed for by its own", arguments: [-3600, 3600])
    func clocks(_ seconds: Int) async throws {
        let bucket = try await BucketUnderTest(serverAhead: .seconds(seconds))
        _ = try await bucket.put()
        #expect(bucket.server.seen.count == 2)
        _ = try await bucket.get()
        // It was learnt once and for all.
        #expect(bucket.server.seen.count == 3)
    }

    @Test(
        "that gives damaged or short bodies is asked again",
        arguments: [Fault.Answer.truncated, .resetInBody])
    func bodies(_ answer: Fault.Answer) async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put()
        bucket.server.fail(Fault(answer), where: Self.gets)
        #expect(try await bucket.get() == "value")
        bucket.server.fail(Fault(answer), where: Self.gets)
        let beginning = try await bucket.client.getBeginning(of: "key", byteCountMax: 4)
        #expect(beginning.map { String(decoding: $0.bytes, as: UTF8.self) } == "valu")
    }

    @Test("that answers twice confuses no later request")
    func twice() async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put("a", "first")
        _ = try await bucket.put("b", "second")
        bucket.server.fail(Fault(.twice)) { $0.path == "/heaps/a" }
        for _ in 0..<3 {
            #expect(try await bucket.get("a") == "first")
            #expect(try await bucket.get("b") == "second")
        }
    }

    @Test("whose success has an error in it is asked again")
    func errorInSuccess() async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put()
        bucket.server.fail(Fault(.errorInSuccess(code: "InternalError")), where: Self.puts)
        #expect(try await bucket.client.copy("key", to: "copy", use: .bulk))
        #expect(try await bucket.get("copy") == "value")
    }

    @Test(
        "for a list that is answered with something else is asked again",
        arguments: [Fault(.truncated), Fault(.errorInSuccess(code: "InternalError"))])
    func garbledList(_ fault: Fault) async throws {
        let bucket = try await BucketUnderTest()
        _ = try await bucket.put()
        bucket.server.fail(fault) { $0.query["list-type"] == "2" }
        let found = try await bucket.client.list(prefix: "", after: nil, limit: 10)
        #expect(found.keys == ["key"])
    }

    @Test(
        "that did the work and lost the answer is told apart from one that refuses",
        arguments: [
            Fault(.reset, work: .done), .error(500, "InternalError", work: .done),
        ])
    func lostAnswers(_ fault: Fault) async throws {
        let bucket = try await BucketUnderTest()
        bucket.server.fail(fault, where: Self.puts)
        #expect(try await bucket.put() == .refused(afterUncertainAttempt: true))
        #expect(try await bucket.put() == .refused(afterUncertainAttempt: false))
    }

    @Test("takes a condition on what is not there as not met, with 404 as with 412")
    func missing() async throws {
        let bucket = try await BucketUnderTest()
        let outcome = try await bucket.put(if: .unchanged("\"0\""))
        #expect(outcome == .refused(afterUncertainAttempt: false))
    }

    @Test("costs retries until the budget is spent, and gets it back by answering")
    func budget() {
        let budget = RetryBudget()
        #expect((0..<100).allSatisfy { _ in budget.take(.transient) == 5 })
        #expect(budget.take(.transient) == nil)
        for _ in 0..<10 { budget.give(nil) }
        #expect(budget.take(.silence) == 10)
        #expect(budget.take(.throttled) == nil)
    }

    @Test("that is not there is named")
    func nobody() async throws {
        let bucket = try await BucketUnderTest { $0.endpoint = "http://127.0.0.1:1" }
        let error = await #expect(throws: S3Error.self) { try await bucket.put() }
        #expect("\(try #require(error))".contains("no connection"))
    }

    @Test(
        "that refuses for good is not asked again",
        arguments: [
            (Fault.error(403, "AccessDenied"), "s3:ListBucket"),
            (.error(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch"),
            (.error(404, "NoSuchBucket"), "there is no bucket heaps"),
            (.error(400, "InvalidArgument"), "400 InvalidArgument"),
            (.error(501, "NotImplemented"), "501 NotImplemented"),
            (
                .error(301, "PermanentRedirect", headers: [("x-amz-bucket-region", "eu-west-3")]),
                "give --s3-region eu-west-3"
            ),
            (
                .error(
                    400, "AuthorizationHeaderMalformed",
                    headers: [("x-amz-bucket-region", "eu-west-3")]),
                "not in us-east-1 but in eu-west-3"
            ),
        ])
    func finals(_ fault: Fault, _ part: String) async throws {
        let bucket = try await BucketUnderTest()
        bucket.server.fail(fault, where: Self.gets)
        let error = await #expect(throws: S3Error.self) { try await bucket.get() }
        let text = "\(try #require(error))"
        #expect(text.contains(part), "\(text)")
        #expect(!text.contains("secretexample") && !text.contains("AKIDEXAMPLE"))
        #expect(bucket.server.seen.count == 1)
    }
}
