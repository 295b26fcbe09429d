internal import Logging
internal import MCP

/// One line of the log, with everything in it made harmless.
///
/// Much of what is logged comes from others: whoever reads it on a terminal, or line by line, must
/// not be fooled by control characters, by marks that turn the direction of text, or by length.
struct LogLine {
    /// The longest value of a field, in characters.
    static let characterCountMax = 1024

    let time: String
    let level: Logger.Level
    let message: String
    let metadata: Logger.Metadata

    /// The line, with its end.
    func text(_ format: LogFormat) -> String {
        switch format {
        case .text:
            let fields = sortedMetadata.map { " \($0.key)=\(LogLine.word($0.value))" }
            return "\(time) \(level) \(LogLine.safe(message))\(fields.joined())\n"
        case .json:
            var object: JSONObject = [
                "time": .string(time), "level": .string(level.rawValue),
                "message": .string(LogLine.safe(message)),
            ]
            for (key, value) in sortedMetadata { object[key] = LogLine.json(value) }
            return String(decoding: JSON.object(object).encoded(), as: UTF8.self) + "\n"
        }
    }

    private var sortedMetadata: [(key: String, value: Logger.MetadataValue)] {
        metadata.sorted { $0.key < $1.key }
    }

    /// A number stays one.
    private static func json(_ value: Logger.MetadataValue) -> JSON {
        guard case .stringConvertible(let value) = value else {
            return .string(safe("\(value)"))
        }
        return switch value {
        case let number as Int: .number(JSONNumber(number))
        case let number as Double: JSONNumber(number).map(JSON.number) ?? .null
        default: .string(safe("\(value)"))
        }
    }

    /// A value that reads as one word, in quotation marks where it would not.
    private static func word(_ value: Logger.MetadataValue) -> String {
        let text = safe("\(value)")
        let isPlain = !text.isEmpty && !text.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        if isPlain { return text }
        let pieces = text.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + pieces.joined(separator: "\\\"") + "\""
    }

    /// Text without what a terminal or a reader of lines would act on.
    static func safe(_ text: String) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == characterCountMax { return result + "…" }
            if isHarmless(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            false
        // Marks of direction, joiners, the byte order mark and tags: nothing that is seen.
        case .format: false
        default: true
        }
    }
}
