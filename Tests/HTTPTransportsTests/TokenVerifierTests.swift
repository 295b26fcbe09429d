import Synchronization
import Testing

@testable import HTTPTransports

@Suite("Token verifier")
struct TokenVerifierTests {
    private let authority = TestAuthority()

    private func verdict(
        _ token: String, scopes: [String] = ["js:run"], at seconds: Double = 1000
    ) async throws -> TokenVerifier.Verdict {
        let keys = SigningKeys(try await KeySet(Array(authority.keySet.utf8)))
        let requirements = TokenRequirements(
            issuer: "https://auth.example", audiences: ["https://js.example/mcp"], scopes: scopes)
        return await TokenVerifier(requirements, keys: keys) { seconds }.check(token.utf8)
    }

    @Test("accepts what its authorization server signed")
    func good() async throws {
        #expect(try await verdict(authority.token()) == .subject("alice"))
        #expect(try await verdict(authority.es256Token()) == .subject("alice"))
        let nameless = try authority.token(header: #"{"alg":"EdDSA","typ":"at+jwt"}"#)
        #expect(try await verdict(nameless) == .subject("alice"))
    }

    @Test(
        "refuses what is signed in another way",
        arguments: [
            #"{"alg":"none"}"#, #"{"alg":"HS256","kid":"shared"}"#, #"{"kid":"ed"}"#,
            #"{"alg":"ES256","kid":"ed"}"#, #"{"alg":"EdDSA","kid":"ec"}"#,
            #"{"alg":"EdDSA","kid":"nobody"}"#, #"{"alg":"EdDSA","kid":"ed","crit":["x"]}"#,
            #"{"alg":"EdDSA","kid":"ed","typ":"logout+jwt"}"#, "[]", "", #"{"alg":"eddsa"}"#,
        ])
    func headers(_ header: String) async throws {
        #expect(try await verdict(authority.token(header: header)) == .invalid)
    }

    @Test(
        "refuses what says the wrong thing",
        arguments: [
            ("https://auth.example", "https://evil.example"), ("https://js.example/mcp", "else"),
            ("\"sub\":\"alice\"", "\"sub\":\"\""), ("\"sub\":\"alice\"", "\"sub\":1"),
            ("\"exp\":1300", "\"exp\":\"1300\""), ("\"exp\":1300", "\"exp\":939"),
            ("\"exp\":1300,", ""), ("\"nbf\":900", "\"nbf\":1061"),
            ("\"nbf\":900", "\"nbf\":\"x\""), ("\"nbf\":900", "\"nbf\":-1e400"),
            ("\"nbf\":900", "\"nbf\":null"), ("\"nbf\":900", "\"nbf\":1e400"),
            ("\"exp\":1300", "\"exp\":1e400"), ("\"exp\":1300", "\"exp\":-1e400"),
            ("\"exp\":1300", "\"exp\":1e300"), ("\"exp\":1300", "\"exp\":253402300800"),
            ("\"exp\":1300", "\"exp\":null"), ("\"exp\":1300", "\"exp\":[1300]"),
            ("\"exp\":1300", "\"exp\":true"), ("\"exp\":1300", "\"exp\":NaN"),
            ("\"exp\":1300", "\"exp\":Infinity"),
        ])
    func claims(_ part: String, _ other: String) async throws {
        let token = try authority.token(TestAuthority.claims.replacing(part, with: other))
        #expect(try await verdict(token) == .invalid)
    }

    @Test("lets clocks differ by a minute, and no more")
    func skew() async throws {
        let token = try authority.token()
        for time in [840, 1000, 1359] as [Double] {
            #expect(try await verdict(token, at: time) == .subject("alice"))
        }
        for time in [839, 1360] as [Double] {
            #expect(try await verdict(token, at: time) == .invalid)
        }
    }

    @Test("tells who may not enough from who is not known")
    func scopes() async throws {
        let token = try authority.token()
        #expect(try await verdict(token, scopes: ["js:run", "js:read"]) == .subject("alice"))
        #expect(try await verdict(token, scopes: ["js:run", "js:write"]) == .insufficientScope)
        #expect(try await verdict(token + "A", scopes: ["js:write"]) == .invalid)
    }

    @Test("refuses every change to a token")
    func changes() async throws {
        let token = try authority.token()
        for index in stride(from: 0, to: token.count, by: 7) {
            var letters = Array(token)
            letters[index] = letters[index] == "A" ? "B" : "A"
            let verdict = try await verdict(String(letters))
            #expect(verdict == .invalid, "at \(index)")
        }
        #expect(
            try await verdict(token.split(separator: ".").dropLast().joined() + ".") == .invalid)
        #expect(try await verdict(String(repeating: "a", count: 9000)) == .invalid)
    }
}

@Suite("Key set")
struct KeySetTests {
    @Test(
        "is refused where it is of no use",
        arguments: [
            ("", KeySetError.noKeySet), ("[]", .noKeySet), (#"{"keys":{}}"#, .noKeySet),
            (#"{"keys":[]}"#, .noUsableKey), (#"{"keys":[{"kty":"oct","k":"AA"}]}"#, .noUsableKey),
            (#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#, .noUsableKey),
            (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, .noUsableKey),
            (#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}"#, .privateKey),
        ])
    func refused(_ text: String, _ error: KeySetError) async {
        await #expect(throws: error) { try await KeySet(Array(text.utf8)) }
    }
}

@Suite("Signing keys")
struct SigningKeysTests {
    /// A clock and an authorization server that a test turns and changes.
    private final class World: Sendable {
        let time = Mutex(ContinuousClock.now)
        let answer = Mutex<[UInt8]?>(nil)
        let askedCount = Mutex(0)

        func turn(_ duration: Duration) { time.withLock { $0 += duration } }

        func keys() -> SigningKeys {
            SigningKeys(
                fetch: { [self] in
                    askedCount.withLock { $0 += 1 }
                    guard let answer = answer.withLock({ $0 }) else { throw CancellationError() }
                    return answer
                },
                now: { [self] in time.withLock { $0 } })
        }
    }

    @Test("are asked for when they are needed, and again when they are old")
    func freshness() async {
        let world = World()
        world.answer.withLock { $0 = Array(TestAuthority().keySet.utf8) }
        let keys = world.keys()
        for _ in 1...3 { #expect(await keys.keys(with: "ed") != nil) }
        #expect(world.askedCount.withLock { $0 } == 1)
        world.turn(SigningKeys.freshness)
        #expect(await keys.keys(with: "ed") != nil)
        #expect(world.askedCount.withLock { $0 } == 2)
    }

    @Test("are asked for when a token names another, but not for every such token")
    func unknownKeys() async {
        let world = World()
        world.answer.withLock { $0 = Array(TestAuthority().keySet.utf8) }
        let keys = world.keys()
        for _ in 1...5 { #expect(await keys.keys(with: "nobody") != nil) }
        #expect(world.askedCount.withLock { $0 } == 1)
        world.turn(SigningKeys.pause)
        _ = await keys.keys(with: "nobody")
        #expect(world.askedCount.withLock { $0 } == 2)
    }

    @Test("stay for a while where nobody answers, and then are nobody's")
    func silence() async {
        let world = World()
        let keys = world.keys()
        #expect(await keys.keys(with: nil) == nil)
        world.answer.withLock { $0 = Array(TestAuthority().keySet.utf8) }
        #expect(await keys.keys(with: nil) == nil, "it was asked a moment ago")
        world.turn(SigningKeys.pause)
        #expect(await keys.keys(with: nil) != nil)
        world.answer.withLock { $0 = nil }
        world.turn(SigningKeys.freshness)
        #expect(await keys.keys(with: nil) != nil)
        world.turn(SigningKeys.staleness)
        #expect(await keys.keys(with: nil) == nil)
    }
}

@Suite("Base64url")
struct Base64URLTests {
    @Test("reads what an encoder writes")
    func decoded() {
        let texts = ["": "", "Zg": "f", "Zm8": "fo", "Zm9v": "foo", "Pz8_Pj4-": "???>>>"]
        for (text, expected) in texts {
            #expect(Base64URL.decode(text.utf8) == Array(expected.utf8))
        }
    }

    @Test(
        "reads nothing else",
        arguments: ["Z", "Zg==", "Zm9vZ", "Zh", "Zm9", "Zm 9v", "Zm+v", "Zm/v"])
    func refused(_ text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
