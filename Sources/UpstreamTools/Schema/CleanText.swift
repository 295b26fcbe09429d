/// Text of an upstream server made fit for the line of a signature: it stands in a model's prompt,
/// and must neither end a comment nor hide what it says.
enum CleanText {
    /// One line of at most so many characters.
    static func line(_ text: String, lengthMax: Int) -> String {
        var result = ""
        var endsInBlank = true
        var length = 0
        for scalar in text.unicodeScalars {
            if isHidden(scalar) { continue }
            let isBlank =
                scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
            if isBlank {
                if !endsInBlank {
                    result.unicodeScalars.append(" ")
                    length += 1
                }
                endsInBlank = true
                continue
            }
            guard length < lengthMax else { return trimmed(result) + "…" }
            result.unicodeScalars.append(scalar)
            length += 1
            endsInBlank = false
        }
        return trimmed(result)
    }

    /// The same, which ends no comment.
    static func comment(_ text: String, lengthMax: Int = 120) -> String {
        line(text, lengthMax: lengthMax).replacing("*/", with: "* /")
    }

    /// The first sentence of a text.
    static func sentence(_ text: String, lengthMax: Int = 120) -> String {
        let start = text.prefix(lengthMax * 4)
        let end = start.firstRange(of: /[.!?](\s|$)|\n\s*\n/)?.lowerBound
        return comment(String(end.map { start[..<$0] } ?? start), lengthMax: lengthMax)
    }

    /// A name as a string of JavaScript, in which nothing is hidden.
    static func quoted(_ name: String) -> String {
        var result = "\""
        for unit in name.utf16 {
            switch unit {
            case 0x22: result += "\\\""
            case 0x5C: result += "\\\\"
            case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }

    /// Whether it can stand in code as it is.
    static func isIdentifier(_ name: String) -> Bool {
        name.wholeMatch(of: /[A-Za-z_$][A-Za-z0-9_$]*/) != nil
    }

    /// What changes the direction of text, has no width, or belongs to no script: format, private
    /// and unassigned characters.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    private static func trimmed(_ text: String) -> String {
        text.hasSuffix(" ") ? String(text.dropLast()) : text
    }
}
