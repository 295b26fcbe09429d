internal import ArgumentParser

/// The options of `mcp-v8` that say of S3 what is to be known.
struct S3Options: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep heaps in this bucket of S3, or of a service like it.", valueName: "name"))
    var s3Bucket: String?

    @Option(help: ArgumentHelp("Where in the bucket heaps are kept.", valueName: "path"))
    var s3Prefix: String?

    @Option(
        help: ArgumentHelp(
            "The address of a service that is not AWS, such as http://127.0.0.1:9000.",
            valueName: "url"))
    var s3Endpoint: String?

    @Option(help: ArgumentHelp("The bucket's region.", valueName: "region"))
    var s3Region: String?

    @Option(
        help: ArgumentHelp("The profile in the AWS tools' files to use.", valueName: "name"))
    var s3Profile: String?

    @Flag(help: "The bucket's name in the path of addresses, not in the host's name.")
    var s3PathStyle = false

    @Flag(
        help: """
            The bucket's name in the host's name of addresses, also of a service that is not AWS's.
            """)
    var s3VirtualHostStyle = false

    @Option(
        help: ArgumentHelp(
            "Encryption at rest: AES256, aws:kms or aws:kms:dsse.", valueName: "kind"))
    var s3Encryption: String?

    @Option(help: ArgumentHelp("The key of KMS that encrypts.", valueName: "id"))
    var s3KmsKey: String?

    @Flag(help: "Ask KMS less often, by a key of the bucket.")
    var s3BucketKey = false

    @Flag(help: "Pay for requests to somebody else's bucket.")
    var s3RequesterPays = false

    @Option(
        help: ArgumentHelp("The account that the bucket must belong to.", valueName: "account"))
    var s3ExpectedBucketOwner: String?

    @Option(
        help: ArgumentHelp("The storage class of versions.", valueName: "class"))
    var s3StorageClass: String?

    @Option(
        help: ArgumentHelp(
            "Checksums: when_supported, or when_required for services that refuse them.",
            valueName: "when"))
    var s3Checksums: String?

    @Option(
        help: ArgumentHelp(
            "Entity tags in conditions: quoted, or unquoted for Ceph.", valueName: "how"))
    var s3EtagQuoting: String?

    @Flag(
        help: """
            Use a service that ignores conditional writes: heaps are lost as soon as a second \
            server uses it.
            """)
    var unsafeSingleWriter = false

    @Option(
        help: ArgumentHelp(
            "Keep copies of versions in this folder, which servers may share.", valueName: "dir"),
        transform: expandingTilde)
    var cacheDirectory: String?

    @Option(help: ArgumentHelp("What those copies take at most (8192).", valueName: "MiB"))
    var cacheMbMax: Int?

    /// What may be given in the environment and in a file.
    static let keys: [OptionKey] = [
        OptionKey(name: "s3-bucket", kind: .value),
        OptionKey(name: "s3-prefix", kind: .value),
        OptionKey(name: "s3-endpoint", kind: .value),
        OptionKey(name: "s3-region", kind: .value),
        OptionKey(name: "s3-profile", kind: .value),
        OptionKey(name: "s3-path-style", kind: .flag),
        OptionKey(name: "s3-virtual-host-style", kind: .flag),
        OptionKey(name: "s3-encryption", kind: .value),
        OptionKey(name: "s3-kms-key", kind: .value),
        OptionKey(name: "s3-bucket-key", kind: .flag),
        OptionKey(name: "s3-requester-pays", kind: .flag),
        OptionKey(name: "s3-expected-bucket-owner", kind: .value),
        OptionKey(name: "s3-storage-class", kind: .value),
        OptionKey(name: "s3-checksums", kind: .value),
        OptionKey(name: "s3-etag-quoting", kind: .value),
        OptionKey(name: "unsafe-single-writer", kind: .flag),
        OptionKey(name: "cache-directory", kind: .value),
        OptionKey(name: "cache-mb-max", kind: .value),
    ]

    /// The first option that is given and says nothing without `--s3-bucket`; nil if none is.
    var firstIdle: String? {
        let given: [(name: String, isGiven: Bool)] = [
            ("--s3-prefix", s3Prefix != nil), ("--s3-endpoint", s3Endpoint != nil),
            ("--s3-region", s3Region != nil), ("--s3-profile", s3Profile != nil),
            ("--s3-path-style", s3PathStyle), ("--s3-virtual-host-style", s3VirtualHostStyle),
            ("--s3-encryption", s3Encryption != nil),
            ("--s3-kms-key", s3KmsKey != nil), ("--s3-bucket-key", s3BucketKey),
            ("--s3-requester-pays", s3RequesterPays),
            ("--s3-expected-bucket-owner", s3ExpectedBucketOwner != nil),
            ("--s3-storage-class", s3StorageClass != nil),
            ("--s3-checksums", s3Checksums != nil), ("--s3-etag-quoting", s3EtagQuoting != nil),
            ("--unsafe-single-writer", unsafeSingleWriter),
            ("--cache-directory", cacheDirectory != nil), ("--cache-mb-max", cacheMbMax != nil),
        ]
        return given.first(where: \.isGiven)?.name
    }
}
