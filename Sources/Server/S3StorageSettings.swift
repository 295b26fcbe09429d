internal import Foundation
internal import Heaps
internal import Logging
internal import S3

/// A place in a bucket, checked and complete.
struct S3StorageSettings: Hashable, Sendable {
    private static let prefixByteCountMax = 512

    var settings: S3Settings
    /// Without slashes around it.
    var prefix: String
    var writers: S3HeapStorage.Writers
    /// Where copies of versions are kept nearby; nil for nowhere.
    var cache: Cache?

    /// A folder with copies.
    struct Cache: Hashable, Sendable {
        var directoryPath: String
        var byteCountMax: Int
    }

    /// Checks what the options say of it.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(bucket: String, _ options: Options) throws(SettingsError) {
        var client = S3Settings(bucket: bucket)
        client.endpoint = options[\.s3.s3Endpoint]
        client.region = options[\.s3.s3Region]
        client.profile = options[\.s3.s3Profile]
        client.addressing = try Self.addressing(options)
        client.encryption = options[\.s3.s3Encryption]
        client.encryptionKeyID = options[\.s3.s3KmsKey]
        client.usesBucketKey = options[\.s3.s3BucketKey]
        if client.encryptionKeyID != nil || client.usesBucketKey,
            client.encryption == nil || client.encryption == .aes256
        {
            throw .invalid(
                "\(options.spelling(\.s3.s3KmsKey)) and \(options.spelling(\.s3.s3BucketKey)) say "
                    + "something of KMS: give --s3-encryption aws:kms too")
        }
        client.requesterPays = options[\.s3.s3RequesterPays]
        client.expectedBucketOwner = options[\.s3.s3ExpectedBucketOwner]
        client.storageClass = options[\.s3.s3StorageClass]
        client.checksums = options[\.s3.s3Checksums]
        client.tagQuoting = options[\.s3.s3EtagQuoting]
        settings = client
        prefix = options[\.s3.s3Prefix].split(separator: "/").joined(separator: "/")
        writers = options[\.s3.unsafeSingleWriter] ? .one : .many
        cache = try Self.cache(options)
    }

    private static func addressing(
        _ options: Options
    ) throws(SettingsError) -> S3Settings.Addressing? {
        switch (options[\.s3.s3PathStyle], options[\.s3.s3VirtualHostStyle]) {
        case (true, true):
            throw .invalid(
                "\(options.spelling(\.s3.s3PathStyle)) and "
                    + "\(options.spelling(\.s3.s3VirtualHostStyle)) exclude each other")
        case (true, false): return .path
        case (false, true): return .virtual
        case (false, false): return nil
        }
    }

    private static func cache(_ options: Options) throws(SettingsError) -> Cache? {
        guard let path = options[\.s3.cacheDirectory] else {
            guard !options.isGiven(\.s3.cacheMbMax) else {
                throw .invalid(
                    "\(options.spelling(\.s3.cacheMbMax)) says something of a cache: give "
                        + "--cache-directory")
            }
            return nil
        }
        return Cache(directoryPath: path, byteCountMax: options[\.s3.cacheMbMax])
    }

    /// Whether a text can be the place of heaps in a bucket.
    static func isPrefix(_ text: String) -> Bool {
        text.utf8.count <= prefixByteCountMax
            && text.wholeMatch(of: /[0-9A-Za-z\/_.\-]*/) != nil
            && !text.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }

    /// Whether the service is found trustworthy before it is used.
    enum Probe {
        case run
        case skip
    }

    /// Finds the bucket and opens the place, behind its cache if there is one.
    func open(_ probe: Probe, logger: Logger) async throws(HeapError) -> AnyHeapStorage {
        let client: S3Client
        do throws(S3Error) {
            client = try await S3Client(
                settings, variables: ProcessInfo.processInfo.environment, logger: logger)
        } catch {
            throw .storageUnavailable(path: "s3://\(settings.bucket)", reason: "\(error)")
        }
        let storage = S3HeapStorage(client: client, prefix: prefix)
        switch probe {
        case .run: try await storage.open(for: writers, logger: logger)
        case .skip: try await storage.openWithoutProbe()
        }
        guard let cache else { return .s3(storage) }
        return .cached(
            try await CachedHeapStorage(
                inFrontOf: storage, directoryPath: cache.directoryPath,
                byteCountMax: cache.byteCountMax))
    }
}
