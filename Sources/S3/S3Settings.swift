/// What a client of a bucket is told.
package struct S3Settings: Hashable, Sendable {
    /// How the service encrypts what it keeps.
    package enum Encryption: String, CaseIterable, Hashable, Sendable {
        /// With keys of S3.
        case aes256 = "AES256"
        /// With a key of KMS.
        case kms = "aws:kms"
        /// With two layers of keys of KMS.
        case kmsTwice = "aws:kms:dsse"
    }

    /// When checksums are sent and asked for.
    package enum Checksums: String, CaseIterable, Hashable, Sendable {
        /// Always.
        case whenSupported = "when_supported"
        /// Never of our own accord: for services that refuse them.
        case whenRequired = "when_required"
    }

    /// Where the bucket's name goes in addresses.
    package enum Addressing: String, CaseIterable, Hashable, Sendable {
        /// Into the host's name at AWS, into the path at any other service: what stands in front
        /// of a name such as `localhost` or `minio` is found by few.
        case automatic = "auto"
        /// Into the path.
        case path
        /// Into the host's name where it can be there.
        case virtual
    }

    /// How entity tags are given back in conditions.
    package enum TagQuoting: String, CaseIterable, Hashable, Sendable {
        /// With quotation marks, as HTTP has it.
        case quoted
        /// Without: Ceph 16 compares them so.
        case unquoted
    }

    /// The bucket's name.
    package var bucket: String
    /// Nil for the environment's, or AWS's own.
    package var endpoint: String?
    /// Nil for the environment's.
    package var region: String?
    /// Nil for the environment's.
    package var profile: String?
    /// Where the bucket's name goes; nil for the environment's.
    package var addressing: Addressing?
    /// Nil for the bucket's default.
    package var encryption: Encryption?
    /// The key of KMS; nil for the account's.
    package var encryptionKeyID: String?
    /// Whether fewer calls of KMS are made, by a key of the bucket.
    package var usesBucketKey = false
    /// Whether whoever asks pays.
    package var requesterPays = false
    /// The account that the bucket must belong to.
    package var expectedBucketOwner: String?
    /// The storage class of large objects; nil for the service's default.
    package var storageClass: String?
    /// Nil for the environment's.
    package var checksums: Checksums?
    /// How entity tags are given back.
    package var tagQuoting = TagQuoting.quoted
    /// What is larger is sent in parts.
    package var multipartThreshold = 64 << 20
    /// The size of parts, at least 5 MiB by S3's rules.
    package var partByteCount = 16 << 20
    /// How long the service may be silent.
    package var silenceMax = Duration.seconds(20)

    /// Names a bucket.
    package init(bucket: String) {
        self.bucket = bucket
    }
}
