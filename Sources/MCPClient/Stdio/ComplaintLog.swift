import Logging
import MCP

/// What a server writes to standard error: logged line by line, so many a second, and its last line
/// kept to explain its end.
struct ComplaintLog {
    private let limits: UpstreamLimits
    private let log: Logger
    private let scrubber: Scrubber
    private var line: [UInt8] = []
    private var second: ContinuousClock.Instant?
    private var lineCount = 0
    private var droppedCount = 0
    /// The last line that was not blank, made fit to be shown.
    private(set) var lastLine = ""

    init(limits: UpstreamLimits, scrubber: Scrubber, log: Logger) {
        self.limits = limits
        self.scrubber = scrubber
        self.log = log
    }

    /// Takes in the next bytes.
    mutating func append(_ bytes: [UInt8], at now: ContinuousClock.Instant) {
        for piece in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if piece.offset > 0 { endLine(at: now) }
            line += piece.element.prefix(max(0, limits.complaintByteCountMax - line.count))
        }
        // One that ends without a line break has said something, too.
        if !line.isEmpty { lastLine = shown(line, or: lastLine) }
    }

    private mutating func endLine(at now: ContinuousClock.Instant) {
        defer { line.removeAll(keepingCapacity: true) }
        let text = shown(line, or: "")
        guard !text.isEmpty else { return }
        lastLine = text
        if second.map({ now - $0 >= .seconds(1) }) ?? true {
            if droppedCount > 0 {
                log.info(
                    "An upstream server wrote more than is logged",
                    metadata: ["lines": "\(droppedCount)"])
            }
            second = now
            lineCount = 0
            droppedCount = 0
        }
        lineCount += 1
        if lineCount <= limits.complaintsPerSecondMax {
            log.info("An upstream server says", metadata: ["stderr": "\(text)"])
        } else {
            droppedCount += 1
        }
    }

    private func shown(_ line: [UInt8], or other: String) -> String {
        let scalars = String(decoding: line, as: UTF8.self).unicodeScalars
            .filter { $0.properties.generalCategory != .control }
        let text = scrubber.scrub(String(String.UnicodeScalarView(scalars)))
        return text.allSatisfy(\.isWhitespace) ? other : text
    }
}
