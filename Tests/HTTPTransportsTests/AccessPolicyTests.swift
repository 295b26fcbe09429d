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
