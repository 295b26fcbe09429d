import HTTPTypes
import Testing

@testable import HTTPTransports

@Suite("Access policy")
struct AccessPolicyTests {
    private let policy = AccessPolicy(hostNames: ["js.Example.com", "[2001:db8::1]"])

    private func status(host: String?, origin: String? = nil) -> Int? {
        var request = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/")
        request.headerFields[.origin] = origin
        do {
            try policy.checkOrigin(of: request)
            return nil
        } catch {
            return error.status.code
        }
    }

    @Test(
        "lets in who names the server rightly",
        arguments: [
            "localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535",
            "js.example.com", "JS.EXAMPLE.COM:443", "[2001:db8::1]:80",
        ])
    func namesServed(_ host: String) {
        #expect(status(host: host) == nil)
    }

    @Test(
        "refuses who names it wrongly",
        arguments: [
            "", ":80", "evil.example", "localhost.evil.example", "localhost:80:80", "localhost:x",
            "127.0.0.1.evil.example", "[::1", "::1", "[::2]", "user@localhost",
            "js.example.com.", "0.0.0.0", "localhost/x",
        ])
    func namesRefused(_ host: String) {
        #expect(status(host: host) == 421)
    }

    @Test("refuses who names it not at all")
    func namelessRefused() {
        #expect(status(host: nil) == 400)
    }

    @Test(
        "lets in web pages of the same names",
        arguments: ["http://localhost", "HTTPS://127.0.0.1:6274", "https://js.example.com"])
    func originsServed(_ origin: String) {
        #expect(status(host: "localhost", origin: origin) == nil)
    }

    @Test(
        "refuses all other web pages",
        arguments: [
            "null", "", "localhost", "file://localhost", "https://evil.example",
            "http://localhost.evil.example", "http://localhost@evil.example",
            "http://evil.example#localhost",
        ])
    func originsRefused(_ origin: String) {
        #expect(status(host: "localhost", origin: origin) == 403)
    }
}

@Suite("Bearer tokens")
struct BearerTokensTests {
    private let first = "correct-horse-battery-staple"
    private let second = "AZaz09-._~+/===="

    private func principal(_ values: String...) throws -> Result<Principal, Refusal> {
        let tokens = try BearerTokens(file: "\(first)\n\n\(second)\n")
        let policy = AccessPolicy(tokens: tokens)
        var request = HTTPRequest(method: .get, scheme: nil, authority: "localhost", path: "/")
        for value in values {
            request.headerFields.append(HTTPField(name: .authorization, value: value))
        }
        return Result { () throws(Refusal) in try policy.principal(of: request) }
    }

    @Test("tell their owners apart")
    func owners() throws {
        #expect(try principal("Bearer \(first)").get() == .token(0))
        #expect(try principal("bearer  \(second)").get() == .token(1))
    }

    @Test(
        "let in nobody else",
        arguments: [
            "", "Bearer", "Bearer ", "Bearer wrong-horse-battery-staple",
            "Bearer correct-horse-battery-stapl", "Bearer correct-horse-battery-staplex",
            "Basic correct-horse-battery-staple", "correct-horse-battery-staple",
        ])
    func strangers(_ value: String) throws {
        let result = try principal(value)
        #expect(throws: Refusal.self) { try result.get() }
    }

    @Test("must not be sent twice or not at all")
    func once() throws {
        let (none, two) = (try principal(), try principal("Bearer \(first)", "Bearer \(first)"))
        for result in [none, two] {
            #expect {
                try result.get()
            } throws: { error in
                let refusal = error as? Refusal
                return refusal?.status == .unauthorized
                    && refusal?.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true
            }
        }
    }

    @Test(
        "are refused where they are of no use",
        arguments: [
            ("", BearerTokensError.none),
            ("\n \n", .none),
            ("0123456789abcde", .tooShort(line: 1)),
            ("0123456789abcdef\nshort", .tooShort(line: 2)),
            ("0123456789 abcdef", .unusable(line: 1)),
            ("0123456789abcdef\u{e9}", .unusable(line: 1)),
        ])
    func files(_ file: String, _ error: BearerTokensError) {
        #expect(throws: error) { try BearerTokens(file: file) }
    }

    @Test("may stand in a file of another system")
    func lineEnds() throws {
        let tokens = try BearerTokens(file: "\(first)\r\n\(second)\r\n")
        #expect(tokens.number(of: second.utf8) == 1)
    }
}
