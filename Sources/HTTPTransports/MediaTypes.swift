import HTTPTypes

/// In which forms a client takes an answer.
struct AcceptedForms: OptionSet {
    let rawValue: Int

    static let json = AcceptedForms(rawValue: 1)
    static let eventStream = AcceptedForms(rawValue: 2)
    static let both: AcceptedForms = [.json, .eventStream]

    init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Reads the `Accept` headers; a client without one takes everything.
    init(_ fields: HTTPFields) {
        let values = fields[values: .accept]
        self = values.isEmpty ? .both : []
        for range in values.flatMap({ $0.split(separator: ",") }) {
            let parts = range.split(separator: ";").map { $0.trimmed.lowercased() }
            if parts.dropFirst().contains(where: AcceptedForms.isRefusal) { continue }
            switch parts.first {
            case "*/*": formUnion(.both)
            case "application/json", "application/*": formUnion(.json)
            case "text/event-stream", "text/*": formUnion(.eventStream)
            default: break
            }
        }
    }

    private static func isRefusal(_ parameter: String) -> Bool {
        parameter.hasPrefix("q=") && Double(parameter.dropFirst(2)) == 0
    }
}

extension HTTPFields {
    /// Checks that a body is JSON as it stands.
    ///
    /// A web page of another origin cannot send this type without asking first, and one that
    /// inflates itself is not read.
    func checkContent() throws(Refusal) {
        let types = self[values: .contentType]
        let type = types.first?.prefix { $0 != ";" }.trimmed.lowercased()
        guard types.count == 1, type == "application/json" else {
            throw Refusal(.unsupportedMediaType, "Content-Type must be application/json")
        }
        let encodings = self[values: .contentEncoding].map { $0.lowercased() }
        guard encodings.allSatisfy({ $0 == "identity" }) else {
            throw Refusal(.unsupportedMediaType, "Content-Encoding must be identity")
        }
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let start = drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }
        return end.map { String(start[...$0]) } ?? ""
    }
}
