import Foundation
import Testing

@testable import S3

@Suite(
    "Endpoints, by the published cases",
    .enabled(if: PublishedVectors.areThere, PublishedVectors.absence))
struct EndpointTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var rules: EndpointRules
        var isUnsupported: Bool
        /// Nil for an error.
        var url: String?
        var signingRegion: String?
    }

    static let cases: [Case] = {
        let document = try? PublishedVectors.json("botocore/s3-endpoint-tests.json")
        return (document?["testCases"] as? [[String: Any]] ?? []).map(makeCase)
    }()

    private static func makeCase(_ json: [String: Any]) -> Case {
        let given = json["params"] as? [String: Any] ?? [:]
        let expected = json["expect"] as? [String: Any] ?? [:]
        let endpoint = expected["endpoint"] as? [String: Any]
        let properties = endpoint?["properties"] as? [String: Any]
        let schemes = properties?["authSchemes"] as? [[String: Any]]
        let bucket = given["Bucket"] as? String
        var rules = EndpointRules(
            endpoint: given["Endpoint"] as? String, region: given["Region"] as? String ?? "",
            bucket: bucket)
        let isSet = { (name: String) in given[name] as? Bool ?? false }
        rules.isPathStyle = isSet("ForcePathStyle")
        rules.isDualStack = isSet("UseDualStack")
        rules.isFIPS = isSet("UseFIPS")
        rules.isAccelerated = isSet("Accelerate")
        rules.isGlobal = isSet("UseGlobalEndpoint")
        let suffixes = ["--x-s3", "--xa-s3", "--op-s3"]
        let isOther =
            bucket?.hasPrefix("arn:") == true
            || suffixes.contains { bucket?.hasSuffix($0) == true }
            || isSet("UseObjectLambdaEndpoint") || isSet("UseS3ExpressControlEndpoint")
        return Case(
            testDescription: "\(json["documentation"] ?? "") \(given)", rules: rules,
            isUnsupported: isOther, url: endpoint?["url"] as? String,
            signingRegion: schemes?.first?["signingRegion"] as? String)
    }

    @Test("there are 393 of them, 162 for plain buckets and the service")
    func counts() {
        #expect(Self.cases.count == 393)
        #expect(Self.cases.count { !$0.isUnsupported } == 162)
    }

    @Test(
        "finds the published address",
        arguments: cases.filter { !$0.isUnsupported && $0.url != nil })
    func addresses(_ example: Case) throws {
        let endpoint = try example.rules.resolve()
        #expect(endpoint.text == example.url)
        if let region = example.signingRegion { #expect(endpoint.signingRegion == region) }
    }

    @Test("refuses what is refused", arguments: cases.filter { !$0.isUnsupported && $0.url == nil })
    func errors(_ example: Case) {
        #expect(throws: S3Error.self) { try example.rules.resolve() }
    }

    @Test(
        "refuses by name the buckets that are not supported",
        arguments: cases.filter { $0.isUnsupported && $0.rules.bucket?.isSpecial == true })
    func unsupported(_ example: Case) throws {
        let bucket = try #require(example.rules.bucket)
        let error = #expect(throws: S3Error.self) { try example.rules.resolve() }
        guard case .invalidConfiguration(let text) = error else { return }
        let names = ["ARNs", "Outposts", "Object Lambda", "Express"]
        #expect(names.contains(where: text.contains))
        #expect(text.contains(bucket))
    }
}

extension String {
    fileprivate var isSpecial: Bool {
        hasPrefix("arn:") || hasSuffix("--x-s3") || hasSuffix("--xa-s3") || hasSuffix("--op-s3")
    }
}

@Suite(
    "Configured endpoints, by the published cases",
    .enabled(if: PublishedVectors.areThere, PublishedVectors.absence))
struct ConfiguredEndpointTests {
    @Test("finds the endpoint that the files, the environment and the program configure")
    func all() throws {
        let document = try PublishedVectors.json("botocore/configured-endpoint-urls.json")
        let suite = try #require((document["testSuites"] as? [[String: Any]])?.first)
        let files = Self.files(of: suite)
        let environments = try #require(suite["environments"] as? [String: [String: String]])
        let clients = try #require(suite["client_configs"] as? [String: [String: Any]])
        let tests = try #require(suite["endpointUrlTests"] as? [[String: Any]])
        #expect(tests.count == 39)
        for test in tests {
            let client = clients[test["client_config"] as? String ?? ""] ?? [:]
            var variables = environments[test["environment"] as? String ?? ""] ?? [:]
            variables["HOME"] = "/home/someone"
            if client["ignore_configured_endpoint_urls"] as? Bool == true {
                variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
            }
            let configuration = try AWSConfiguration(
                variables: variables, profile: test["profile"] as? String,
                readFile: { $0 == "/home/someone/.aws/config" ? Array(files.utf8) : nil })
            let service = test["service"] as? String ?? ""
            let found = configuration.endpoint(
                of: service, given: client["endpoint_url"] as? String)
            let rules = EndpointRules(
                endpoint: found, region: configuration.region ?? "", bucket: nil)
            let expected = (test["output"] as? [String: String])?["endpointUrl"]
            #expect(try rules.resolve().text == expected, "\(test["name"] ?? "")")
        }
    }

    /// The file that the profiles and services of a suite would be in.
    private static func files(of suite: [String: Any]) -> String {
        var lines: [String] = []
        for (name, values) in suite["profiles"] as? [String: [String: String]] ?? [:] {
            lines.append(name == "default" ? "[default]" : "[profile \(name)]")
            lines += values.map { "\($0.key) = \($0.value)" }
        }
        for (name, services) in suite["services"] as? [String: [String: [String: String]]] ?? [:] {
            lines.append("[services \(name)]")
            for (service, values) in services {
                lines.append("\(service) =")
                lines += values.map { "  \($0.key) = \($0.value)" }
            }
        }
        return lines.joined(separator: "\n")
    }
}
