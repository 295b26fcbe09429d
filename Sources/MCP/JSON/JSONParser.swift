extension JSON {
    /// Reads a text strictly; of members with equal keys the last one wins, in the first's place.
    ///
    /// - Throws: ``MCPError/malformedJSON(_:offset:)``.
    package init(parsing text: [UInt8], limits: JSONLimits = JSONLimits()) throws(MCPError) {
        var parser = JSONParser(scanner: try JSONScanner(text, limits: limits))
        self = try parser.parseValue(depth: 0)
        try parser.scanner.finish()
    }
}

/// Builds values of the tokens that a scanner finds.
private struct JSONParser {
    var scanner: JSONScanner

    mutating func parseValue(depth: Int) throws(MCPError) -> JSON {
        switch try scanner.beginValue(depth: depth) {
        case UInt8(ascii: "{"): return .object(try parseObject(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try parseArray(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"):
            try scanner.scanLiteral("true")
            return true
        case UInt8(ascii: "f"):
            try scanner.scanLiteral("false")
            return false
        case UInt8(ascii: "n"):
            try scanner.scanLiteral("null")
            return .null
        case UInt8(ascii: "-"), UInt8.digits: return .number(try parseNumber())
        default: throw scanner.fault(.unexpectedByte)
        }
    }

    private mutating func parseArray(depth: Int) throws(MCPError) -> [JSON] {
        try scanner.expect(UInt8(ascii: "["))
        if try scanner.consume(UInt8(ascii: "]")) { return [] }
        var elements: [JSON] = []
        repeat {
            elements.append(try parseValue(depth: depth))
        } while try scanner.consumeSeparator(or: UInt8(ascii: "]")) == .comma
        return elements
    }

    private mutating func parseObject(depth: Int) throws(MCPError) -> JSONObject {
        try scanner.expect(UInt8(ascii: "{"))
        if try scanner.consume(UInt8(ascii: "}")) { return [:] }
        var members: [JSONObject.Member] = []
        // Hashed, so that an object of many names costs no time in the square of their number.
        var places: [String: Int] = [:]
        repeat {
            guard try scanner.peek() == UInt8(ascii: "\"") else {
                throw scanner.fault(.unexpectedByte)
            }
            let key = try parseString()
            try scanner.expect(UInt8(ascii: ":"))
            let value = try parseValue(depth: depth)
            if let place = places.updateValue(members.count, forKey: key) {
                places[key] = place
                members[place].value = value
            } else {
                members.append(JSONObject.Member(key: key, value: value))
            }
        } while try scanner.consumeSeparator(or: UInt8(ascii: "}")) == .comma
        return JSONObject(distinct: members)
    }

    private mutating func parseNumber() throws(MCPError) -> JSONNumber {
        let range = try scanner.scanNumber()
        return JSONNumber(scanned: String(decoding: scanner.bytes[range], as: UTF8.self))
    }

    private mutating func parseString() throws(MCPError) -> String {
        var escapes: [Int] = []
        let range = try scanner.scanString { escapes.append($0) }
        let bytes = scanner.bytes
        guard !escapes.isEmpty else { return String(decoding: bytes[range], as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var copied = range.lowerBound
        // An escape before `copied` is the second half of a surrogate pair.
        for escape in escapes where escape >= copied {
            text += bytes[copied..<escape]
            if let byte = JSONEscape.byte(for: bytes[escape + 1]) {
                text.append(byte)
                copied = escape + 2
            } else {
                let (scalar, byteCount) = JSONEscape.scalar(in: bytes, at: escape)
                text += UTF8.encode(scalar)?.map { $0 } ?? []
                copied = escape + byteCount
            }
        }
        text += bytes[copied..<range.upperBound]
        return String(decoding: text, as: UTF8.self)
    }
}
