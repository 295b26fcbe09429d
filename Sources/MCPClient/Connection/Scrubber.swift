import MCP

/// Takes secrets out of texts that others will see.
struct Scrubber: Sendable {
    /// What is shorter is found in harmless places, too.
    private static let secretLengthMin = 8

    private let secrets: [String]

    /// - Parameter values: of environment variables and headers, such as `Bearer …`.
    init(_ values: some Sequence<String>) {
        let parts = values.flatMap { value in
            [value] + value.split(separator: " ").map(String.init)
        }
        // Longest first, so that no rest of one is left behind.
        secrets = Set(parts.filter { $0.count >= Self.secretLengthMin })
            .sorted { ($0.count, $0) > ($1.count, $1) }
    }

    func scrub(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "[secret]") }
    }

    private func scrub(_ json: JSON) -> JSON {
        switch json {
        case .string(let text): .string(scrub(text))
        case .array(let elements): .array(elements.map(scrub))
        case .object(let object):
            .object(JSONObject(object.members.map { (scrub($0.key), scrub($0.value)) }))
        case .null, .boolean, .number, .raw: json
        }
    }

    func scrub(_ error: UpstreamError) -> UpstreamError {
        var error = error
        error.message = scrub(error.message)
        error.details = JSONObject(error.details.members.map { ($0.key, scrub($0.value)) })
        return error
    }
}
