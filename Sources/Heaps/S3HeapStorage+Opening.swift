package import Logging
internal import S3

extension S3HeapStorage {
    /// The content of the object `format`, which is the first to be made.
    private static let format = "mcp-v8 heaps 1\n"

    /// What is done about a service that ignores conditions.
    package enum Writers: Hashable, Sendable {
        /// Several servers may use the bucket: such a service is refused.
        case many
        /// The user promises that there is only this server: it is used all the same.
        case one
    }

    /// Opens a place in a bucket: probes the service, and makes or checks the format.
    ///
    /// - Throws: ``HeapError/storageRefused(path:_:)`` with what the service gets wrong.
    package func open(for writers: Writers, logger: Logger) async throws(HeapError) {
        let place = location(prefix)
        let probe = S3Probe(
            client: client, prefix: prefix, nonce: .random(in: .min ... .max))
        let faults = try await attempt(prefix) { () async throws(S3Error) in
            try await probe.run()
        }
        if !faults.isEmpty {
            guard writers == .one else {
                throw .storageRefused(path: place, .ignoresConditions(faults))
            }
            logger.warning(
                "The storage loses heaps if a second server uses it",
                metadata: [
                    "storage.path": "\(place)", "reason": "\(faults.joined(separator: "; "))",
                ])
        }
        try await openWithoutProbe()
    }

    /// Opens a place in a bucket without probing the service: for what runs for a moment, beside
    /// servers that have.
    ///
    /// - Throws: ``HeapError/storageRefused(path:_:)`` if the place holds something else.
    package func openWithoutProbe() async throws(HeapError) {
        let path = prefix + "format"
        if try await hasFormat(path) { return }
        let found = try await attempt(path) { () async throws(S3Error) in
            try await client.list(prefix: prefix, after: nil, limit: 100)
        }
        let foreign = found.keys.first { key in
            !key.hasPrefix(prefix + "probe/") && key != path && key != prefix
        }
        if let foreign {
            throw .storageRefused(path: location(prefix), .notEmpty(found: foreign.cut()))
        }
        _ = try await attempt(path) { () async throws(S3Error) in
            try await client.put(path, Array(Self.format.utf8), if: .absent, use: .record)
        }
        _ = try await hasFormat(path)
    }

    private func hasFormat(_ path: String) async throws(HeapError) -> Bool {
        let object = try await attempt(path) { () async throws(S3Error) in
            try await client.getBeginning(of: path, byteCountMax: 80)
        }
        guard let object else { return false }
        guard object.bytes == Array(Self.format.utf8) else {
            throw .storageRefused(
                path: location(prefix),
                .unknownFormat(found: String(decoding: object.bytes, as: UTF8.self)))
        }
        return true
    }
}
