package import Logging

/// What log lines say of the request during which they are written.
package struct RequestTrace: Hashable, Sendable {
    /// That of the request which the current task serves.
    @TaskLocal package static var current: RequestTrace?

    /// What the transport calls the request, and tells its client.
    package var requestID: String?
    /// The caller's place in a distributed trace.
    package var parent: TraceParent?

    /// Says what is known of a request.
    package init(requestID: String? = nil, parent: TraceParent? = nil) {
        self.requestID = requestID
        self.parent = parent
    }

    /// The same as members of a log line.
    package var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let requestID { metadata["request.id"] = "\(requestID)" }
        if let parent {
            metadata["trace.id"] = "\(parent.traceID)"
            metadata["trace.parent"] = "\(parent.spanID)"
        }
        return metadata
    }

    /// Gives it to every logger.
    package static let metadataProvider = Logger.MetadataProvider { current?.metadata ?? [:] }
}

/// A caller's place in a distributed trace: the header `traceparent` of the W3C.
package struct TraceParent: Hashable, Sendable {
    /// 32 hexadecimal digits.
    package let traceID: String
    /// 16 hexadecimal digits: the caller's own step.
    package let spanID: String

    /// Reads a header's value; nil where it is none.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, text.utf8.count <= 256,
            parts[0] == "00" ? parts.count == 4 : parts[0] != "ff",
            zip(parts, [2, 32, 16, 2]).allSatisfy({ TraceParent.isHex($0, count: $1) }),
            [parts[1], parts[2]].allSatisfy({ $0.contains { $0 != "0" } })
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
    }

    private static func isHex(_ part: some StringProtocol, count: Int) -> Bool {
        part.utf8.count == count
            && part.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
