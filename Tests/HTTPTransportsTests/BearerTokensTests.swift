import Crypto
import HTTPTypes
import Testing

@testable import HTTPTransports

@Suite("Bearer tokens")
struct BearerTokensTests {
    private let first = "correct-horse-battery-staple"
    private let second = "AZaz09-._~+/===="

    private func principal(_ values: String...) async throws -> Result<Principal, Refusal> {
        let authentication = Authentication(
            tokens: try BearerTokens(file: "\(first)\n\n\(second)\n"))
        var request = HTTPRequest(method: .get, scheme: nil, authority: "localhost", path: "/")
        for value in values {
            request.headerFields.append(HTTPField(name: .authorization, value: value))
        }
        do throws(Refusal) {
            return .success(try await authentication.principal(of: request))
        } catch {
            return .failure(error)
        }
    }

    @Test("tell their owners apart")
    func owners() async throws {
        let one = try await principal("Bearer \(first)").get()
        let other = try await principal("bearer  \(second)").get()
        #expect(one == .token(SHA256.hash(data: Array(first.utf8))))
        #expect(one != other)
    }

    @Test("can be replaced by others")
    func replaced() async throws {
        let authentication = Authentication(tokens: try BearerTokens(file: first))
        authentication.replace(try BearerTokens(file: second))
        var request = HTTPRequest(method: .get, scheme: nil, authority: "localhost", path: "/")
        request.headerFields[.authorization] = "Bearer \(first)"
        await #expect(throws: Refusal.self) { try await authentication.principal(of: request) }
        request.headerFields[.authorization] = "Bearer \(second)"
        _ = try await authentication.principal(of: request)
    }

    @Test(
        "let in nobody else",
        arguments: [
            "", "Bearer", "Bearer ", "Bearer wrong-horse-battery-staple",
            "Bearer correct-horse-battery-stapl", "Bearer correct-horse-battery-staplex",
            "Basic correct-horse-battery-staple", "correct-horse-battery-staple",
        ])
    func strangers(_ value: String) async throws {
        let result = try await principal(value)
        #expect(throws: Refusal.self) { try result.get() }
    }

    @Test("must not be sent twice or not at all")
    func once() async throws {
        let none = try await principal()
        let two = try await principal("Bearer \(first)", "Bearer \(first)")
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
        #expect(tokens.digest(of: second.utf8) != nil)
    }
}
