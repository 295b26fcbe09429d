import Foundation
import Testing

@testable import S3

@Suite(
    "Signatures, by AWS's published vectors",
    .enabled(if: PublishedVectors.areThere, PublishedVectors.absence))
struct SigningVectorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        var testDescription: String

        func text(_ file: String) throws -> String {
            try PublishedVectors.text("sigv4/\(testDescription)/\(file).txt")
        }
    }

    static let vectors: [Vector] = {
        let path = PublishedVectors.folder.appendingPathComponent("sigv4").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasPrefix("get-") || $0.hasPrefix("post-") }.sorted()
            .map(Vector.init)
    }()

    @Test("there are 38 of them")
    func count() { #expect(Self.vectors.count == 38) }

    @Test("signs in headers", arguments: vectors)
    func headers(_ vector: Vector) throws {
        let example = try Example(vector)
        var request = example.request
        if example.signsBody {
            request.headers.append(
                .init(name: "x-amz-content-sha256", value: request.payloadHash))
        }
        let result = example.signer.sign(request, with: example.credentials, at: example.moment)
        #expect(result.canonicalText == (try vector.text("header-canonical-request")))
        #expect(result.textToSign == (try vector.text("header-string-to-sign")))
        #expect(result.signature == (try vector.text("header-signature")))
        let authorization = try #require(
            result.request.headers.first { $0.name == "Authorization" })
        let lines = try vector.text("header-signed-request").split(separator: "\n")
        #expect(lines.contains { $0 == "Authorization:\(authorization.value)" })
    }

    @Test("signs in the query", arguments: vectors)
    func query(_ vector: Vector) throws {
        let example = try Example(vector)
        let result = example.signer.presign(
            example.request, with: example.credentials, at: example.moment,
            validSeconds: example.validSeconds)
        #expect(result.canonicalText == (try vector.text("query-canonical-request")))
        #expect(result.textToSign == (try vector.text("query-string-to-sign")))
        #expect(result.signature == (try vector.text("query-signature")))
        let line = try vector.text("query-signed-request").split(separator: "\n")[0]
        #expect(line.contains("X-Amz-Signature=\(result.signature)"))
    }

    /// A vector's folder in our terms.
    private struct Example {
        var request: SigningRequest
        var signer: Signer
        var credentials: Credentials
        var moment: Timestamp
        var signsBody: Bool
        var validSeconds: Int

        init(_ vector: Vector) throws {
            let context = try PublishedVectors.json("sigv4/\(vector.testDescription)/context.json")
            let keys = try #require(context["credentials"] as? [String: String])
            credentials = Credentials(
                accessKeyID: keys["access_key_id"] ?? "",
                secretAccessKey: keys["secret_access_key"] ?? "", sessionToken: keys["token"],
                source: "a vector")
            signer = Signer(
                region: context["region"] as? String ?? "",
                service: context["service"] as? String ?? "")
            signer.pathForm = context["normalize"] as? Bool == true ? .normalized : .asItIs
            signer.tokenPlace =
                context["omit_session_token"] as? Bool == true ? .besideSignature : .signed
            moment = try #require(Timestamp(iso8601: context["timestamp"] as? String ?? ""))
            signsBody = context["sign_body"] as? Bool == true
            validSeconds = context["expiration_in_seconds"] as? Int ?? 0
            request = try Self.request(try vector.text("request"))
        }

        private static func request(_ text: String) throws -> SigningRequest {
            let parts = text.components(separatedBy: "\n\n")
            var lines = parts[0].split(separator: "\n")
            let first = lines.removeFirst()
            let method = try #require(first.split(separator: " ").first)
            let target = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
            let split = target.split(
                separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let query = split.count > 1 ? split[1].split(separator: "&") : []
            var headers: [SigningRequest.Header] = []
            for line in lines {
                if line.first?.isWhitespace == true {
                    headers[headers.count - 1].value += "\n" + line
                } else {
                    let pair = line.split(
                        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    headers.append(.init(name: String(pair[0]), value: String(pair[1])))
                }
            }
            return SigningRequest(
                method: String(method), path: String(split[0]),
                query: query.map { item in
                    let pair = item.split(
                        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return .init(
                        name: PercentEncoding.decode(pair[0]),
                        value: pair.count > 1 ? PercentEncoding.decode(pair[1]) : "")
                },
                headers: headers,
                payloadHash: sha256Text(of: Array((parts.count > 1 ? parts[1] : "").utf8)))
        }
    }
}
