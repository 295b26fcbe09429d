import Foundation
import Testing

@testable import S3

/// Two files of the AWS tools, and what botocore makes of them: `Fixtures/profiles.py` asks it.
struct ProfileCase: Decodable, Sendable, CustomTestStringConvertible {
    /// A text, or texts by name.
    enum Value: Decodable, Hashable, Sendable {
        case text(String)
        case nested([String: String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .nested(try container.decode([String: String].self))
            }
        }
    }

    struct Expected: Decodable, Hashable, Sendable {
        var profiles: [String: [String: Value]]
        var services: [String: [String: Value]]
    }

    let name: String
    let config: String?
    let credentials: String?
    /// Nil where botocore refuses the files.
    let expected: Expected?
    var testDescription: String { name }

    static let all: [ProfileCase] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/profiles.jsonl")
        let lines = (try? String(contentsOf: path, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.compactMap {
            try? JSONDecoder().decode(ProfileCase.self, from: Data($0.utf8))
        }
    }()
}

@Suite("The AWS tools' files")
struct ProfileFileTests {
    @Test("the table is there")
    func table() {
        #expect(ProfileCase.all.count >= 60)
    }

    @Test("are read as botocore reads them", arguments: ProfileCase.all)
    func asBotocore(_ example: ProfileCase) throws {
        let read = { () throws(S3Error) -> ProfileFile in
            var files = try ProfileFile(example.config ?? "", form: .config)
            files.merge(try ProfileFile(example.credentials ?? "", form: .credentials))
            return files
        }
        guard let expected = example.expected else {
            #expect(throws: S3Error.self) { try read() }
            return
        }
        let found = try read()
        let asTable = { (sections: [String: ProfileFile.Section]) in
            sections.mapValues { section in
                section.values.mapValues { ProfileCase.Value.text($0) }
                    .merging(section.nested.mapValues { .nested($0) }) { $1 }
            }
        }
        #expect(asTable(found.profiles) == expected.profiles)
        #expect(asTable(found.services) == expected.services)
    }

    @Test("are refused with the line that makes no sense, which is not told")
    func complaint() {
        let text = "[default]\naws_secret_access_key VERYSECRET\n"
        let error = #expect(throws: S3Error.self) {
            try ProfileFile(text, form: .credentials, path: "/x/credentials")
        }
        let description = error.map { "\($0)" } ?? ""
        #expect(description.contains("/x/credentials, line 2"))
        #expect(!description.contains("VERYSECRET"))
    }

    @Test(
        "are found where the environment says",
        arguments: ["~/a/config", "$HOME/a/config", "${HOME}/a/config", "/home/me/a/config"])
    func place(_ path: String) throws {
        let configuration = try AWSConfiguration(
            variables: ["HOME": "/home/me", "AWS_CONFIG_FILE": path], profile: nil,
            readFile: { $0 == "/home/me/a/config" ? Array("[default]\nregion=x".utf8) : nil })
        #expect(configuration.region == "x")
    }

    @Test("keep a variable that is not set, and one that is not closed")
    func unknownVariables() throws {
        for path in ["/a/$NONE/c", "/a/${HOME/c", "/a/$"] {
            let configuration = try AWSConfiguration(
                variables: ["HOME": "/home/me", "AWS_CONFIG_FILE": path], profile: nil,
                readFile: { $0 == path ? Array("[default]\nregion=x".utf8) : nil })
            #expect(configuration.region == "x", "\(path)")
        }
    }
}

@Suite("Where the bucket's name goes")
struct AddressingTests {
    private func address(
        _ endpoint: String?, _ addressing: S3Settings.Addressing? = nil, config: String = ""
    ) throws -> String {
        var settings = S3Settings(bucket: "heaps")
        settings.addressing = addressing
        let configuration = try AWSConfiguration(
            variables: ["HOME": "/h"], profile: nil,
            readFile: { $0 == "/h/.aws/config" ? Array(config.utf8) : nil })
        return try configuration.rules(settings, endpoint: endpoint, region: "eu-west-1")
            .resolve().text
    }

    @Test(
        "is the path of every service that is not AWS's",
        arguments: [
            "http://localhost:9000", "http://minio:9000", "https://s3.example.com",
            "http://127.0.0.1:1", "http://[::1]:1", "https://amazonaws.com.example.org",
        ])
    func otherServices(_ endpoint: String) throws {
        #expect(try address(endpoint) == endpoint + "/heaps")
    }

    @Test("is the host's name at AWS, also where its address is given")
    func atAWS() throws {
        #expect(try address(nil) == "https://heaps.s3.eu-west-1.amazonaws.com")
        #expect(
            try address("https://s3.eu-west-1.amazonaws.com")
                == "https://heaps.s3.eu-west-1.amazonaws.com")
        #expect(
            try address("https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com")
                == "https://heaps.bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com")
        #expect(
            try address("https://s3.cn-north-1.amazonaws.com.cn")
                == "https://heaps.s3.cn-north-1.amazonaws.com.cn")
    }

    @Test("is where the user says, before where the profile says")
    func asked() throws {
        let virtual = "[default]\ns3 =\n  addressing_style = virtual\n"
        let path = "[default]\ns3 =\n  addressing_style = path\n"
        #expect(try address("http://minio:9000", .virtual) == "http://heaps.minio:9000")
        #expect(try address("http://minio:9000", config: virtual) == "http://heaps.minio:9000")
        #expect(
            try address("http://minio:9000", .path, config: virtual)
                == "http://minio:9000/heaps")
        #expect(try address(nil, .path) == "https://s3.eu-west-1.amazonaws.com/heaps")
        #expect(try address(nil, config: path) == "https://s3.eu-west-1.amazonaws.com/heaps")
        #expect(
            try address(nil, .virtual, config: path) == "https://heaps.s3.eu-west-1.amazonaws.com")
    }
}
