import Testing

@testable import HTTPTransports

@Suite("TLS", .timeLimit(.minutes(5)))
struct TLSTests {
    @Test(
        "takes no files of another kind",
        arguments: [
            ("", TestIdentity.key, TLSIdentityError.noCertificate),
            (TestIdentity.key, TestIdentity.key, .noCertificate),
            (TestIdentity.certificate, "", .noKey),
            (TestIdentity.certificate, TestIdentity.certificate, .noKey),
            (TestIdentity.certificate, TestIdentity.otherKey, .mismatch),
        ])
    func files(_ certificate: String, _ key: String, _ error: TLSIdentityError) {
        #expect(throws: error) {
            try TLSIdentity(certificateFile: Array(certificate.utf8), keyFile: Array(key.utf8))
        }
    }

    @Test("keeps its identity where the new one is of no use")
    func replacement() throws {
        let identity = try TestIdentity.make()
        let before = identity.context
        #expect(throws: TLSIdentityError.noCertificate) {
            try identity.replace(certificateFile: [], keyFile: [])
        }
        #expect(identity.context === before)
        try identity.replace(
            certificateFile: Array(TestIdentity.certificate.utf8),
            keyFile: Array(TestIdentity.key.utf8))
        #expect(identity.context !== before)
    }

    @Test("is closed to who does not agree on it in time")
    func handshake() async throws {
        var limits = HTTPLimits()
        limits.handshakeTimeout = .milliseconds(10)
        try await TestHTTP.serving(limits: limits, tls: try TestIdentity.make()) { http in
            let response = try await http.send("")
            #expect(response == "")
        }
    }

    @Test("is not spoken in the clear")
    func clearText() async throws {
        try await TestHTTP.serving(tls: try TestIdentity.make()) { http in
            let response = try await http.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(!response.hasPrefix("HTTP/"))
        }
    }
}
