/// How much JSON is read before it is refused.
package struct JSONLimits: Hashable, Sendable {
    /// The longest text.
    package var byteCountMax: Int
    /// The most arrays and objects inside one another; clients' own parsers stop near 200.
    package var depthMax: Int
    /// The most values; one costs far more memory than the two bytes that it may be spelled with.
    package var valueCountMax: Int

    /// Sets limits; those left out fit a client's message.
    package init(
        byteCountMax: Int = 64 << 20, depthMax: Int = 128, valueCountMax: Int = 1_000_000
    ) {
        self.byteCountMax = byteCountMax
        self.depthMax = depthMax
        self.valueCountMax = valueCountMax
    }
}

/// What is wrong with a text that is no JSON.
package enum JSONFault: String, Hashable, Sendable {
    case controlCharacter = "control character in a string"
    case invalidEscape = "invalid escape in a string"
    case invalidNumber = "invalid number"
    case invalidUTF8 = "invalid UTF-8"
    case tooDeep = "nested too deep"
    case tooLong = "too long"
    case tooManyValues = "too many values"
    case unexpectedByte = "unexpected byte"
    case unexpectedEnd = "unexpected end"
}
