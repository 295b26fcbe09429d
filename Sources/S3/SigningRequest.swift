/// A request in the form that a signature is made of.
struct SigningRequest: Sendable {
    /// Whether `.`, `..` and empty parts of a path are taken out: never for S3, whose keys may have
    /// them.
    enum PathForm: Sendable {
        case asItIs
        case normalized
    }

    /// A name and value of the query; neither is encoded.
    struct QueryItem: Hashable, Sendable {
        var name: String
        var value = ""
    }

    /// A header line.
    struct Header: Hashable, Sendable {
        var name: String
        var value: String
    }

    var method: String
    /// From the first slash on, not encoded.
    var path: String
    var query: [QueryItem] = []
    /// With `Host`.
    var headers: [Header]
    /// SHA-256 of the body in hex, or a word that S3 knows in its place.
    var payloadHash: String

    /// The text whose hash is signed.
    func canonicalText(_ pathForm: PathForm) -> String {
        let headers = canonicalHeaders
        let lines =
            [method, canonicalPath(pathForm), canonicalQuery]
            + headers.map { "\($0.name):\($0.value)" }
            + ["", headers.map(\.name).joined(separator: ";"), payloadHash]
        return lines.joined(separator: "\n")
    }

    /// The names of the headers that are signed, with semicolons between them.
    var signedHeaderNames: String {
        canonicalHeaders.map(\.name).joined(separator: ";")
    }

    /// The query as it is signed and sent.
    var canonicalQuery: String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted {
                $0.0 == $1.0
                    ? $0.1.utf8.lexicographicallyPrecedes($1.1.utf8)
                    : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
            }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    /// The path as it is signed and, for S3, sent.
    func canonicalPath(_ form: PathForm) -> String {
        PercentEncoding.encode(form == .normalized ? normalizedPath : path, slash: .kept)
    }

    private var normalizedPath: String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        let end = path.hasSuffix("/") && !parts.isEmpty ? "/" : ""
        return "/" + parts.joined(separator: "/") + end
    }

    private var canonicalHeaders: [Header] {
        var values: [String: [String]] = [:]
        for header in headers {
            values[header.name.lowercased(), default: []].append(Self.trimmed(header.value))
        }
        return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { Header(name: $0.key, value: $0.value.joined(separator: ",")) }
    }

    /// Without blanks around it, and with one where there are several.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
