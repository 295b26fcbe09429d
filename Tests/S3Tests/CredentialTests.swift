import Glibc
import Synchronization
import Testing

@testable import S3

@Suite("Credentials", .timeLimit(.minutes(5)))
struct CredentialTests {
    private let timing = TestTiming()
    private let nobody = TestExchange { _ in nil }

    private static let document =
        #"{"Version": 1, "AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": "T", "#
        + #""Expiration": "2026-09-21T20:13:20Z"}"#
    private static let role =
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>RK</AccessKeyId>"
        + "<SecretAccessKey>RS</SecretAccessKey><SessionToken>RT</SessionToken>"
        + "<Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
        + "</AssumeRoleResponse>"

    /// A chain over an environment, some files, and somebody who answers.
    private func chain(
        _ variables: [String: String] = [:], config: String = "", profile: String? = nil,
        _ exchange: TestExchange? = nil, files: [String: String] = [:],
        runCommand: @escaping CommandRunner = { (_) async throws(S3Error) -> [UInt8] in [] }
    ) throws -> CredentialChain {
        var files = files
        files["/home/.aws/config"] = config
        let configuration = try AWSConfiguration(
            variables: variables.merging(["HOME": "/home"]) { $1 }, profile: profile,
            readFile: { [files] in files[$0].map { Array($0.utf8) } })
        return try CredentialChain(
            CredentialSources(
                configuration: configuration, exchange: exchange ?? nobody,
                timing: timing.timing, runCommand: runCommand))
    }

    @Test("come from the environment first")
    func environment() async throws {
        let variables = [
            "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_SESSION_TOKEN": "T",
        ]
        let found = try await chain(
            variables, config: "[default]\naws_access_key_id=x\naws_secret_access_key=y"
        ).credentials()
        #expect(found.accessKeyID == "AK" && found.sessionToken == "T")
    }

    @Test("of half a pair are an error that names the other half")
    func halves() async throws {
        let chain = try chain(["AWS_ACCESS_KEY_ID": "AK"])
        let error = await #expect(throws: S3Error.self) { try await chain.credentials() }
        #expect("\(try #require(error))".contains("AWS_SECRET_ACCESS_KEY"))
    }

    @Test("come from the profile that was given, whatever the environment has")
    func profile() async throws {
        let config = "[profile p]\naws_access_key_id = PK\naws_secret_access_key = PS"
        let variables = ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"]
        let found = try await chain(variables, config: config, profile: "p").credentials()
        #expect(found.accessKeyID == "PK")
        #expect(throws: S3Error.self) { try self.chain(config: config, profile: "other") }
    }

    @Test("come from a program")
    func process() async throws {
        let chain = try chain(
            config: "[default]\ncredential_process = /bin/give --me",
            runCommand: { (line) async throws(S3Error) -> [UInt8] in
                line == "/bin/give --me" ? Array(Self.document.utf8) : []
            })
        #expect(try await chain.credentials().sessionToken == "T")
    }

    @Test("come from a real program, whose failure tells no secret")
    func realProcess() async throws {
        let output = try await SystemCommand.run("printf '%s' \"$HOME\" && echo x >&2")
        #expect(!output.isEmpty)
        await #expect(throws: S3Error.self) { try await SystemCommand.run("echo secret; exit 3") }
    }

    @Test("of a program that fails are an error with the last line of what it complained of")
    func complaint() async throws {
        let line = "echo hidden; echo first >&2; echo 'token has ended' >&2; echo >&2; exit 3"
        let error = await #expect(throws: S3Error.self) { try await SystemCommand.run(line) }
        let text = "\(try #require(error))"
        #expect(text.contains("ended with 3: token has ended"))
        #expect(!text.contains("hidden") && !text.contains("first"))
    }

    @Test("come from a program whose arguments go on in further lines of the file")
    func continuedCommand() async throws {
        let output = try await SystemCommand.run("printf '%s.'\n\n--a\n\"b #1\"")
        #expect(String(decoding: output, as: UTF8.self) == "--a.b #1.")
    }

    @Test("come from a program that leaves another behind, which holds its output open")
    func leftBehind() async throws {
        let line = "printf done; sleep 30 & echo $! >&2; exit 3"
        let error = await #expect(throws: S3Error.self) { try await SystemCommand.run(line) }
        let words = "\(try #require(error))".split { !$0.isNumber }
        if let left = words.last.flatMap({ Int32($0) }), left > 3 { kill(left, SIGKILL) }
        #expect(words.count >= 2)
    }

    @Test("that do not end may have an empty date of their end, or none")
    func endless() async throws {
        for end in ["\"\"", "null"] {
            let document = """
                {"Version": 1, "AccessKeyId": "AK", "SecretAccessKey": "SK", "Expiration": \(end)}
                """
            let chain = try chain(
                config: "[default]\ncredential_process = give",
                runCommand: { (_) async throws(S3Error) -> [UInt8] in Array(document.utf8) })
            #expect(try await chain.credentials().accessKeyID == "AK")
        }
    }

    @Test("are taken whole from one of the two files")
    func oneFile() async throws {
        let found = try await chain(
            config: """
                [default]
                aws_access_key_id = CK
                aws_secret_access_key = CS
                aws_session_token = CT
                """,
            files: [
                "/home/.aws/credentials":
                    "[default]\naws_access_key_id = AK\naws_secret_access_key = AS"
            ]
        ).credentials()
        #expect(found.accessKeyID == "AK" && found.sessionToken == nil)
    }

    @Test("come from a token of an identity provider, whose file is read anew each time")
    func webIdentity() async throws {
        let token = Mutex("one")
        let sts = TestExchange { question in
            let form = String(decoding: question.body, as: UTF8.self)
            guard form.contains("Action=AssumeRoleWithWebIdentity"),
                question.header("Authorization") == nil
            else { return (403, "<Error><Code>AccessDenied</Code></Error>") }
            return (200, Self.role)
        }
        let configuration = try AWSConfiguration(
            variables: [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
                "AWS_REGION": "eu-west-1",
            ], profile: nil,
            readFile: { $0 == "/token" ? Array(token.withLock { $0 }.utf8) : nil })
        let provider = WebIdentityCredentials(
            sources: CredentialSources(
                configuration: configuration, exchange: sts, timing: timing.timing,
                runCommand: SystemCommand.run), profileName: nil)
        let found = try await provider.fetch()
        #expect(found?.accessKeyID == "RK")
        token.withLock { $0 = "two" }
        _ = try await provider.fetch()
        let bodies = sts.questions.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies[0].contains("WebIdentityToken=one"))
        #expect(bodies[1].contains("WebIdentityToken=two"))
        #expect(sts.questions[0].url == "https://sts.eu-west-1.amazonaws.com/")
    }

    @Test("come from a role that is taken up with another profile's, signed")
    func assumedRole() async throws {
        let sts = TestExchange { question in
            let isSigned =
                question.header("Authorization")?.contains("Credential=BK/") == true
                && question.header("Authorization")?.contains("/sts/aws4_request") == true
            return isSigned ? (200, Self.role) : (403, "<Error><Code>Denied</Code></Error>")
        }
        let config = """
            [profile p]
            role_arn = arn:aws:iam::1:role/r
            source_profile = base
            external_id = e
            [profile base]
            aws_access_key_id = BK
            aws_secret_access_key = BS
            """
        let found = try await chain(config: config, profile: "p", sts).credentials()
        #expect(found.accessKeyID == "RK")
        #expect(String(decoding: sts.questions[0].body, as: UTF8.self).contains("ExternalId=e"))
    }

    @Test("are not looked for in profiles that refer to each other without an end")
    func loops() async throws {
        let config = """
            [profile a]
            role_arn = r
            source_profile = b
            [profile b]
            role_arn = r
            source_profile = a
            """
        let chain = try chain(config: config, profile: "a")
        let error = await #expect(throws: S3Error.self) { try await chain.credentials() }
        #expect("\(try #require(error))".contains("without an end"))
    }

    @Test(
        "come from a container's endpoint",
        arguments: [
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/r"], "http://169.254.170.2/r"),
            (
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
                ], "http://169.254.170.23/v1"
            ),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://x.y/z"], "https://x.y/z"),
        ])
    func container(_ variables: [String: String], _ url: String) async throws {
        let exchange = TestExchange { $0.url == url ? (200, Self.document) : nil }
        let found = try await chain(variables, exchange, files: ["/token": "secret\n"])
            .credentials()
        #expect(found.accessKeyID == "AK")
        let expected = variables.count == 2 ? "secret" : nil
        #expect(exchange.questions[0].header("Authorization") == expected)
    }

    @Test("are not asked for over plain HTTP beyond this machine")
    func unsafeContainer() async throws {
        let chain = try chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"])
        await #expect(throws: S3Error.self) { try await chain.credentials() }
        #expect(nobody.questions.isEmpty)
    }

    @Test("come from EC2, with a token first")
    func instance() async throws {
        let exchange = TestExchange { question in
            let path = question.url.dropFirst("http://169.254.169.254".count)
            if question.method == "PUT" { return (200, "TOKEN") }
            guard question.header("X-aws-ec2-metadata-token") == "TOKEN" else { return (401, "") }
            return path.hasSuffix("credentials/") ? (200, "role-1\n") : (200, Self.document)
        }
        #expect(try await chain([:], exchange).credentials().accessKeyID == "AK")
        #expect(exchange.questions.last?.url.hasSuffix("security-credentials/role-1") == true)
    }

    @Test("are not asked of EC2 if that is switched off, and the error says where was looked")
    func disabled() async throws {
        let chain = try chain(["AWS_EC2_METADATA_DISABLED": "true"])
        let error = await #expect(throws: S3Error.self) { try await chain.credentials() }
        #expect("\(try #require(error))".contains("AWS_ACCESS_KEY_ID"))
        #expect(nobody.questions.isEmpty)
    }

    @Test("of a browser's sign-in are refused, and the error says what to do")
    func signIn() async throws {
        let chain = try chain(config: "[default]\nsso_session = s")
        let error = await #expect(throws: S3Error.self) { try await chain.credentials() }
        #expect("\(try #require(error))".contains("credential_process"))
    }

    /// Gives credentials that end an hour later, and counts.
    private final class Hourly: CredentialProvider {
        let timing: TestTiming
        let count = Mutex(0)
        let isBroken = Mutex(false)

        init(_ timing: TestTiming) { self.timing = timing }

        func fetch() async throws(S3Error) -> Credentials? {
            if isBroken.withLock({ $0 }) { throw .noCredentials("broken") }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Credentials(
                accessKeyID: "K\(number)", secretAccessKey: "S", sessionToken: nil,
                expiration: timing.now + .seconds(3600), source: "a test")
        }
    }

    @Test("are kept, and renewed before they end")
    func renewal() async throws {
        let hourly = Hourly(timing)
        let chain = CredentialChain(
            providers: [hourly], placesText: "a test", timing: timing.timing)
        #expect(try await chain.credentials().accessKeyID == "K1")
        timing.advance(.seconds(44 * 60))
        #expect(try await chain.credentials().accessKeyID == "K1")
        timing.advance(.seconds(2 * 60))
        #expect(try await chain.credentials().accessKeyID == "K2")
    }

    @Test("are used to their end if they cannot be renewed, and not beyond")
    func brokenRenewal() async throws {
        let hourly = Hourly(timing)
        let chain = CredentialChain(
            providers: [hourly], placesText: "a test", timing: timing.timing)
        _ = try await chain.credentials()
        hourly.isBroken.withLock { $0 = true }
        timing.advance(.seconds(59 * 60))
        #expect(try await chain.credentials().accessKeyID == "K1")
        timing.advance(.seconds(2 * 60))
        await #expect(throws: S3Error.self) { try await chain.credentials() }
    }

    @Test("are fetched once for many who ask at once")
    func singleFlight() async throws {
        let hourly = Hourly(timing)
        let chain = CredentialChain(
            providers: [hourly], placesText: "a test", timing: timing.timing)
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await chain.credentials() } }
        }
        #expect(hourly.count.withLock { $0 } == 1)
    }
}
