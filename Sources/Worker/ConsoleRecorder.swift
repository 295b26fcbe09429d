import WorkerProtocol

/// Keeps a script's console output within its limit: the first half goes out as it comes, the last
/// half at the end.
final class ConsoleRecorder {
    private let channel: Channel
    private var headByteCountLeft = 0
    private var tailByteCountMax = 0
    private var tail: [ConsoleLine] = []
    private var tailStart = 0
    private var tailByteCount = 0
    private var omitted = ConsoleOmission(lineCount: 0, byteCount: 0)

    init(channel: Channel) {
        self.channel = channel
    }

    /// Starts the output of a script.
    func begin(byteCountMax: Int) {
        headByteCountLeft = byteCountMax / 2
        tailByteCountMax = byteCountMax / 2
        tail = []
        tailStart = 0
        tailByteCount = 0
        omitted = ConsoleOmission(lineCount: 0, byteCount: 0)
    }

    /// Takes one entry.
    func record(_ line: ConsoleLine) {
        if line.byteCost <= headByteCountLeft {
            headByteCountLeft -= line.byteCost
            channel.write(.console(line))
            return
        }
        // The head ends with the first line that does not fit, so that the order stays true.
        headByteCountLeft = 0
        tail.append(line)
        tailByteCount += line.byteCost
        while tailByteCount > tailByteCountMax { dropOldest() }
    }

    /// Sends what is left of the output.
    func finish() {
        if omitted.lineCount > 0 || omitted.byteCount > 0 {
            channel.write(.consoleOmitted(omitted))
        }
        for line in tail[tailStart...] { channel.write(.console(line)) }
        begin(byteCountMax: 0)
    }

    /// Leaves out the oldest line of the tail, or the start of a line that fills it alone.
    private func dropOldest() {
        let oldest = tail[tailStart]
        if tailStart == tail.count - 1, let end = oldest.end(byteCost: tailByteCountMax) {
            omitted.byteCount += UInt64(oldest.byteCost - end.byteCost)
            tailByteCount = end.byteCost
            tail[tailStart] = end
            return
        }
        tailByteCount -= oldest.byteCost
        omitted.lineCount += 1
        omitted.byteCount += UInt64(oldest.text.utf8.count)
        tailStart += 1
        // Dropped lines are let go of in bulk, so that each costs little.
        if tailStart >= 1024 || tailStart == tail.count {
            tail.removeFirst(tailStart)
            tailStart = 0
        }
    }
}

extension ConsoleLine {
    /// The end of this line that costs at most this much; nil if there is no room for any.
    fileprivate func end(byteCost limit: Int) -> ConsoleLine? {
        let fixed = ConsoleLine(level: level, text: "").byteCost
        guard limit > fixed else { return nil }
        let utf8 = text.utf8
        var start = utf8.index(utf8.endIndex, offsetBy: -min(limit - fixed, utf8.count))
        while start < utf8.endIndex, utf8[start] & 0xc0 == 0x80 { start = utf8.index(after: start) }
        return ConsoleLine(level: level, text: String(text[start...]))
    }
}
