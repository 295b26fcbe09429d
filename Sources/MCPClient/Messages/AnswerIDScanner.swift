import MCP

/// Finds the id of a message that is too large or too deep to be read, while its bytes pass by.
///
/// Without it, whoever waits for that answer would wait until a deadline. It keeps a few bytes and
/// never recurses; of a text that is no JSON it finds nothing or nonsense, and an id that nobody
/// waits for does no harm.
struct AnswerIDScanner {
    private enum Place {
        /// Between tokens.
        case between
        /// In a string; the bytes so far, if they matter.
        case string(isEscaped: Bool)
        /// In a number at the top level.
        case number
    }

    /// An id is never longer.
    private static let tokenByteCountMax = 256

    private var place = Place.between
    private var depth = 0
    private var token: [UInt8] = []
    /// Whether the outermost value is an object, as a message is.
    private var isObject = false
    /// Whether the next string at the top level is a key.
    private var awaitsKey = false
    private var key: [UInt8] = []
    /// The id, once it was found.
    private(set) var id: RequestID?

    /// Looks at the next bytes.
    mutating func scan(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { step(byte) }
    }

    private mutating func step(_ byte: UInt8) {
        switch place {
        case .string(isEscaped: true):
            keep(byte)
            place = .string(isEscaped: false)
        case .string(isEscaped: false):
            switch byte {
            case UInt8(ascii: "\""): endString()
            case UInt8(ascii: "\\"):
                keep(byte)
                place = .string(isEscaped: true)
            default: keep(byte)
            }
        case .number:
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): keep(byte)
            default:
                endNumber()
                place = .between
                step(byte)
            }
        case .between: begin(byte)
        }
    }

    private mutating func begin(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if depth == 0 { isObject = byte == UInt8(ascii: "{") }
            depth += 1
            awaitsKey = depth == 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ",") where depth == 1: awaitsKey = true
        case UInt8(ascii: "\""):
            token = []
            place = .string(isEscaped: false)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard depth == 1 else { return }
            token = [byte]
            place = .number
        default: break
        }
    }

    private mutating func keep(_ byte: UInt8) {
        if depth == 1, token.count < Self.tokenByteCountMax { token.append(byte) }
    }

    private mutating func endString() {
        place = .between
        guard depth == 1 else { return }
        if awaitsKey {
            key = isObject ? token : []
            awaitsKey = false
        } else if key == Array("id".utf8) {
            id = .string(String(decoding: token, as: UTF8.self))
        }
    }

    private mutating func endNumber() {
        if key == Array("id".utf8), let number = Int(String(decoding: token, as: UTF8.self)) {
            id = .integer(JSONNumber(number))
        }
    }
}
