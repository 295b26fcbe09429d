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

    /// Checks what the sources say of it.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(bucket: String, _ sources: OptionSources) throws(SettingsError) {
        guard !bucket.isEmpty, !bucket.contains("/") else {
            throw .invalid(
                "--s3-bucket is \"\(bucket)\"; it must be a bucket's name, and --s3-prefix the "
                    + "place in it")
        }
        var client = S3Settings(bucket: bucket)
        client.endpoint = sources.value(\.s3.s3Endpoint)
        client.region = sources.value(\.s3.s3Region)
        client.profile = sources.value(\.s3.s3Profile)
        client.addressing = try Self.addressing(sources)
        client.encryption = try sources.choice(\.s3.s3Encryption, "--s3-encryption")
        client.encryptionKeyID = sources.value(\.s3.s3KmsKey)
        client.usesBucketKey = sources.isSet(\.s3.s3BucketKey)
        if client.encryptionKeyID != nil || client.usesBucketKey,
            client.encryption == nil || client.encryption == .aes256
        {
            throw .invalid(
                "--s3-kms-key and --s3-bucket-key say something of KMS: give --s3-encryption "
                    + "aws:kms too")
        }
        client.requesterPays = sources.isSet(\.s3.s3RequesterPays)
        client.expectedBucketOwner = sources.value(\.s3.s3ExpectedBucketOwner)
        client.storageClass = sources.value(\.s3.s3StorageClass)
        client.checksums = try sources.choice(\.s3.s3Checksums, "--s3-checksums")
        client.tagQuoting =
            try sources.choice(\.s3.s3EtagQuoting, "--s3-etag-quoting") ?? .quoted
        settings = client
        prefix = try Self.prefix(sources.value(\.s3.s3Prefix) ?? "")
        writers = sources.isSet(\.s3.unsafeSingleWriter) ? .one : .many
        cache = try Self.cache(sources)
    }

    private static func addressing(
        _ sources: OptionSources
    ) throws(SettingsError) -> S3Settings.Addressing? {
        switch (sources.isSet(\.s3.s3PathStyle), sources.isSet(\.s3.s3VirtualHostStyle)) {
        case (true, true):
            throw .invalid("--s3-path-style and --s3-virtual-host-style exclude each other")
        case (true, false): return .path
        case (false, true): return .virtual
        case (false, false): return nil
        }
    }

    private static func cache(_ sources: OptionSources) throws(SettingsError) -> Cache? {
        guard let path = sources.value(\.s3.cacheDirectory) else {
            guard sources.value(\.s3.cacheMbMax) == nil else {
                throw .invalid("--cache-mb-max says something of a cache: give --cache-directory")
            }
            return nil
        }
        guard !path.isEmpty else { throw .invalid("--cache-directory is empty") }
        let size = try sources.number(
            \.s3.cacheMbMax, "--cache-mb-max", 16...1_048_576, default: 8192)
        return Cache(directoryPath: path, byteCountMax: size << 20)
    }

    private static func prefix(_ text: String) throws(SettingsError) -> String {
        let parts = text.split(separator: "/")
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || "/_.-".utf8.contains(byte)
        }
        guard isPlain, text.utf8.count <= prefixByteCountMax,
            !parts.contains(where: { $0 == "." || $0 == ".." })
        else {
            throw .invalid(
                "--s3-prefix is \"\(text)\"; it must have at most \(prefixByteCountMax) of the "
                    + "characters A-Z a-z 0-9 _ . - and /, and no part . or ..")
        }
        return parts.joined(separator: "/")
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

extension OptionSources {
    /// One of the words that a setting may be; nil if it is not given.
    fileprivate func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ option: KeyPath<ServerOptions, String?>, _ name: String
    ) throws(SettingsError) -> Choice? {
        guard let text = value(option) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("\(name) is \"\(text)\"; it must be one of \(known)")
        }
        return choice
    }
}
