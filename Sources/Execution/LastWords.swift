/// What a worker wrote to its standard error before it ended; a hostile script may have chosen it.
package struct LastWords: Hashable, Sendable {
    private static let characterCountMax = 500
    private static let memoryWords = ["out of memory", "Allocation failed", "bad_alloc"]

    /// Printable ASCII on one line, cut at a bound.
    package let text: String
    /// Whether V8 or its allocator said that memory was short.
    package let reportOutOfMemory: Bool

    /// Judges what lies in a diagnostics file, from its start to its first zero byte.
    package init(_ bytes: [UInt8]) {
        let written = bytes.prefix { $0 != 0 }
        let printable = written.map { (32..<127).contains($0) ? $0 : UInt8(ascii: " ") }
        let words = String(decoding: printable, as: UTF8.self).split(separator: " ")
        let line = words.joined(separator: " ")
        text = String(line.prefix(LastWords.characterCountMax))
        reportOutOfMemory = LastWords.memoryWords.contains { line.contains($0) }
    }
}
