internal import S3

/// What is to be known of S3.
struct S3Options: OptionSection {
    static let title = "S3"

    let s3Bucket = ServerOption(
        "s3-bucket",
        .text("name", "a bucket's name, and --s3-prefix the place in it") {
            !$0.isEmpty && !$0.contains("/")
        }, "Keep heaps in this bucket of S3 or of its like.", more: "[More](../guides/s3.md)",
        .most)

    let s3Prefix = ServerOption(
        "s3-prefix",
        .text(
            "path",
            "at most 512 of the characters A-Z a-z 0-9 _ . - and /, and no part . or ..",
            where: S3StorageSettings.isPrefix),
        default: .found("the bucket itself") { _ in "" }, "Where in the bucket heaps are kept.",
        range: "at most 512 of `A-Z a-z 0-9 _ . - /`")

    let s3Endpoint = ServerOption(
        "s3-endpoint", .url,
        unset: "`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's, or AWS",
        "The address of a service that is not AWS, such as http://127.0.0.1:9000.",
        range: "`http://` or `https://`")

    let s3Region = ServerOption(
        "s3-region", .text("region"),
        unset: "`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, the instance's; "
            + "with an endpoint of your own `us-east-1`",
        "The bucket's region.")

    let s3Profile = ServerOption(
        "s3-profile", .text("name"), unset: "`AWS_PROFILE`, or `default`",
        "The profile in the AWS tools' files to use.",
        more: "These are `~/.aws/config` and `~/.aws/credentials`; it beats credentials in the "
            + "environment.")

    let s3PathStyle = ServerOption(
        flag: "s3-path-style", "The bucket's name in the path of addresses, not in the host's.",
        more: "Done anyway where it cannot be in the host's name, and at services that are not "
            + "AWS's.")

    let s3VirtualHostStyle = ServerOption(
        flag: "s3-virtual-host-style",
        "The bucket's name in the host's name, also at services that are not AWS's.")

    let s3Encryption = ServerOption<S3Settings.Encryption?>(
        "s3-encryption", .choice("kind"), unset: "the bucket's", "Encryption at rest.")

    let s3KmsKey = ServerOption(
        "s3-kms-key", .text("id"), unset: "the account's",
        "The key of KMS that encrypts, with aws:kms and aws:kms:dsse.")

    let s3BucketKey = ServerOption(
        flag: "s3-bucket-key", "Ask KMS less often, by a key of the bucket.")

    let s3RequesterPays = ServerOption(
        flag: "s3-requester-pays", "Pay for requests to somebody else's bucket.")

    let s3ExpectedBucketOwner = ServerOption(
        "s3-expected-bucket-owner", .text("account"), unset: "any",
        "The account that the bucket must belong to.")

    let s3StorageClass = ServerOption(
        "s3-storage-class", .text("class"), unset: "the service's",
        "The storage class of versions.", more: "Heads are small and stay in the default.")

    let s3Checksums = ServerOption<S3Settings.Checksums?>(
        "s3-checksums", .choice("when"),
        unset: "`AWS_REQUEST_CHECKSUM_CALCULATION`, or `when_supported`",
        "Checksums beside the signed digest.",
        more: "`when_required` is for services that refuse them.")

    let s3EtagQuoting = ServerOption<S3Settings.TagQuoting>(
        "s3-etag-quoting", .choice("how"), default: .of(.quoted), "Entity tags in conditions.",
        more: "Ceph 16 wants `unquoted`.")

    let unsafeSingleWriter = ServerOption(
        flag: "unsafe-single-writer",
        "Use a service that ignores conditional writes: heaps are lost as soon as a second "
            + "server uses it.")

    let cacheDirectory = ServerOption(
        "cache-directory", .directory, "Keep copies of versions here; servers may share it.",
        more: "It is made if there is none.")

    let cacheMbMax = ServerOption(
        "cache-mb-max", .mebibytes(16...1_048_576), default: .of(8192 << 20),
        "What those copies take at most, in MiB.",
        more: "Each server may add a sixteenth before it looks.")
}
