/// Where a bucket is reached, by AWS's rules.
package struct EndpointRules: Hashable, Sendable {
    /// A service's address that was given, not derived from the region.
    package var endpoint: String?
    /// The region's name, such as `eu-central-1`.
    package var region: String
    /// The bucket; nil for the service as a whole.
    package var bucket: String?
    /// The bucket in the path, not in the host's name.
    package var isPathStyle = false
    var isDualStack = false
    var isFIPS = false
    var isAccelerated = false
    /// Whether `us-east-1` is reached at the one name without a region, as it was in the beginning.
    var isGlobal = false

    /// Makes a question that has an answer by ``resolve()``.
    package init(endpoint: String? = nil, region: String, bucket: String?) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
    }

    /// Finds the address.
    ///
    /// - Throws: ``S3Error/invalidConfiguration(_:)``, which names what is not supported.
    package func resolve() throws(S3Error) -> Endpoint {
        if let bucket { try Self.refuseUnsupported(bucket) }
        guard Self.isHostLabel(region, allowsDots: true) else {
            throw .invalidConfiguration("\"\(region)\" is no region such as us-east-1")
        }
        let isChinese = region.hasPrefix("cn-")
        if isFIPS, isChinese { throw .invalidConfiguration("there is no FIPS endpoint in China") }
        if isFIPS, isAccelerated {
            throw .invalidConfiguration("acceleration has no FIPS endpoint")
        }
        if let endpoint { return try custom(endpoint) }
        let suffix = isChinese ? Self.chineseSuffix : Self.suffix(of: region)
        let isVirtual = bucket.map(isVirtualHosted) ?? false
        if isAccelerated, bucket != nil {
            guard isVirtual else {
                throw .invalidConfiguration("acceleration needs a bucket name that is a host name")
            }
            if isChinese { throw .invalidConfiguration("there is no acceleration in China") }
        }
        let host: String
        if isAccelerated, isVirtual {
            // As the published rules have it: the global region keeps its name here.
            let own = isDualStack && region == "aws-global" ? "us-east-1." : ""
            host = "s3-accelerate" + (isDualStack ? ".dualstack" : "") + ".\(own)\(suffix)"
        } else if !isFIPS, !isDualStack, isAtGlobalName {
            host = "s3.\(suffix)"
        } else {
            host =
                (isFIPS ? "s3-fips" : "s3") + (isDualStack ? ".dualstack" : "")
                + ".\(signingRegion).\(suffix)"
        }
        return placed(Endpoint(scheme: .https, host: host, signingRegion: signingRegion))
    }

    private var signingRegion: String { region == "aws-global" ? "us-east-1" : region }

    private var isAtGlobalName: Bool {
        region == "aws-global" || (isGlobal && region == "us-east-1")
    }

    private func custom(_ text: String) throws(S3Error) -> Endpoint {
        for (isSet, what) in [
            (isDualStack, "dual-stack"), (isFIPS, "FIPS"), (isAccelerated, "acceleration"),
        ] where isSet {
            throw .invalidConfiguration("\(what) makes no sense with an endpoint of your own")
        }
        guard var endpoint = Endpoint(text) else {
            throw .invalidConfiguration(
                "\"\(text)\" is no endpoint such as https://s3.example.com:9000")
        }
        endpoint.signingRegion = signingRegion
        return placed(endpoint)
    }

    /// The bucket in front of the host where it can be there, else in the path.
    private func placed(_ service: Endpoint) -> Endpoint {
        guard let bucket else { return service }
        var endpoint = service
        let fits =
            isVirtualHosted(bucket)
            || (service.scheme == .http && !isPathStyle
                && Self.isBucketHost(bucket, allowsDots: true))
        if fits, !service.isNumeric {
            endpoint.host = "\(bucket).\(service.host)"
        } else {
            endpoint.basePath += "/" + bucket
        }
        return endpoint
    }

    private func isVirtualHosted(_ bucket: String) -> Bool {
        !isPathStyle && Self.isBucketHost(bucket, allowsDots: false)
    }
}

extension EndpointRules {
    private static func refuseUnsupported(_ bucket: String) throws(S3Error) {
        let named: (String) -> S3Error = {
            .invalidConfiguration("\($0) are not supported: \"\(bucket)\" must be a bucket's name")
        }
        if bucket.hasPrefix("arn:") {
            if bucket.contains(":s3-outposts:") { throw named("Outposts") }
            if bucket.contains(":s3-object-lambda:") { throw named("S3 Object Lambda ARNs") }
            throw named("ARNs (access points)")
        }
        if bucket.hasSuffix("--op-s3") { throw named("Outposts") }
        if bucket.hasSuffix("--x-s3") || bucket.hasSuffix("--xa-s3") {
            throw named("S3 Express directory buckets")
        }
    }

    private static let otherSuffixes = [
        ("us-iso-", "c2s.ic.gov"), ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"), ("eusc-", "amazonaws.eu"),
    ]
    private static let suffix = "amazonaws.com"
    private static let chineseSuffix = "amazonaws.com.cn"

    private static func suffix(of region: String) -> String {
        for (prefix, suffix) in otherSuffixes where region.hasPrefix(prefix) { return suffix }
        return suffix
    }

    /// Whether an address is one of AWS's own, where every bucket has a host's name.
    static func isAWS(_ address: String) -> Bool {
        guard let host = Endpoint(address)?.host.lowercased() else { return false }
        return ([suffix, chineseSuffix] + otherSuffixes.map(\.1)).contains {
            host.hasSuffix(".\($0)")
        }
    }

    private static func isHostLabel(_ text: String, allowsDots: Bool) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return (allowsDots || labels.count == 1)
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
                    && label.first != "-"
            }
    }

    private static func isBucketHost(_ bucket: String, allowsDots: Bool) -> Bool {
        (3...63).contains(bucket.utf8.count) && isHostLabel(bucket, allowsDots: allowsDots)
            && bucket == bucket.lowercased()
            && bucket.split(separator: ".").allSatisfy { $0.last != "-" }
            && !Endpoint.isNumeric(bucket)
    }
}

extension UInt8 {
    /// Whether this is one of A-Z, a-z and 0-9.
    var isLetterOrDigit: Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
