import Testing

@testable import S3

/// The examples in the documentation of S3.
@Suite("Signatures, by the examples of S3's documentation")
struct SigningExampleTests {
    private let credentials = Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", source: "an example")
    private let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func signature(
        _ method: String, _ path: String, query: [SigningRequest.QueryItem] = [],
        _ headers: [SigningRequest.Header] = [], hash: String? = nil
    ) throws -> String {
        let hash = hash ?? emptyHash
        let request = SigningRequest(
            method: method, path: path, query: query,
            headers: headers + [
                .init(name: "Host", value: "examplebucket.s3.amazonaws.com"),
                .init(name: "x-amz-content-sha256", value: hash),
            ],
            payloadHash: hash)
        let moment = try #require(Timestamp(iso8601: "2013-05-24T00:00:00Z"))
        return Signer(region: "us-east-1", service: "s3")
            .sign(request, with: credentials, at: moment).signature
    }

    @Test("GET of the first bytes")
    func get() throws {
        let made = try signature("GET", "/test.txt", [.init(name: "Range", value: "bytes=0-9")])
        #expect(made == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("PUT of a key that has to be encoded")
    func put() throws {
        let made = try signature(
            "PUT", "/test$file.text",
            [
                .init(name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"),
                .init(name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
            ],
            hash: sha256Text(of: Array("Welcome to Amazon S3.".utf8)))
        #expect(made == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test("a query without a value")
    func lifecycle() throws {
        let made = try signature("GET", "/", query: [.init(name: "lifecycle")])
        #expect(made == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test("a list")
    func list() throws {
        let made = try signature(
            "GET", "/",
            query: [.init(name: "max-keys", value: "2"), .init(name: "prefix", value: "J")])
        #expect(made == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test("a link that is signed beforehand")
    func presigned() throws {
        let request = SigningRequest(
            method: "GET", path: "/test.txt",
            headers: [.init(name: "Host", value: "examplebucket.s3.amazonaws.com")],
            payloadHash: "UNSIGNED-PAYLOAD")
        let moment = try #require(Timestamp(iso8601: "2013-05-24T00:00:00Z"))
        let made = Signer(region: "us-east-1", service: "s3")
            .presign(request, with: credentials, at: moment, validSeconds: 86_400).signature
        #expect(made == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test(
        "sends a path as it is signed: encoded once, and nothing taken out",
        arguments: [
            ("/a//b", "/a//b"), ("/a/../b", "/a/../b"), ("/a%2Fb", "/a%252Fb"),
            ("/a b+c~d", "/a%20b%2Bc~d"), ("/\u{E9}", "/%C3%A9"),
        ])
    func paths(_ example: (path: String, sent: String)) {
        let request = SigningRequest(
            method: "GET", path: example.path, headers: [], payloadHash: "")
        #expect(request.canonicalPath(.asItIs) == example.sent)
    }

    @Test("shows no secret of credentials")
    func secrets() {
        let shown = "\(credentials) \(String(reflecting: credentials))"
        let dumped = "\(Mirror(reflecting: credentials).children.map { "\($0)" })"
        for text in [shown, dumped] {
            #expect(!text.contains("wJalr"))
            #expect(!text.contains("AKIA"))
        }
    }
}
