extension JSON {
    /// The text of this value, on one line.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    /// The text of this value as a string, for people and for text blocks.
    package var text: String {
        String(decoding: encoded(), as: UTF8.self)
    }

    /// Appends the text of this value, on one line.
    package func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(ascii: "null")
        case .boolean(true): bytes.append(ascii: "true")
        case .boolean(false): bytes.append(ascii: "false")
        case .number(let number): bytes += number.text.utf8
        case .string(let text): bytes.append(quoting: text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(quoting: member.key)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .raw(let raw): bytes += raw.bytes
        }
    }
}

extension [UInt8] {
    mutating func append(ascii text: StaticString) {
        self += text.description.utf8
    }

    /// Appends a JSON string; what needs no escape is copied in runs.
    fileprivate mutating func append(quoting text: String) {
        append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { unsafe append(escaping: $0) }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escaping text: UnsafeBufferPointer<UInt8>) {
        let bytes = unsafe Span(_unsafeElements: text)
        var copied = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let lineBreak = JSONEscape.lineBreak(in: bytes, at: index)
            guard
                lineBreak != nil || byte < 0x20 || byte == UInt8(ascii: "\"")
                    || byte == UInt8(ascii: "\\")
            else {
                index += 1
                continue
            }
            unsafe append(contentsOf: UnsafeBufferPointer(rebasing: text[copied..<index]))
            if let lineBreak {
                append(ascii: lineBreak.escape)
            } else {
                append(escapeOf: byte)
            }
            index += lineBreak?.byteCount ?? 1
            copied = index
        }
        unsafe append(contentsOf: UnsafeBufferPointer(rebasing: text[copied...]))
    }

    private mutating func append(escapeOf byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        default:
            // Byte by byte: a script may make its whole result of these.
            append(UInt8(ascii: "u"))
            append(UInt8(ascii: "0"))
            append(UInt8(ascii: "0"))
            append(UInt8(ascii: byte < 0x10 ? "0" : "1"))
            let digit = byte & 0x0F
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
