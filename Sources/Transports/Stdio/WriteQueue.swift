/// Lines that wait to be written, of which the first may be written in part.
struct WriteQueue {
    private var frames: [[UInt8]] = []
    /// How many frames at the front are done; dropped by the half, so each moves but once or twice.
    private var frameIndex = 0
    /// How much of the first frame is written.
    private var offset = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    /// Appends a message as a line.
    mutating func append(message: [UInt8]) {
        frames.append(message + [UInt8(ascii: "\n")])
        byteCount += message.count + 1
    }

    /// The bytes that come next, of one frame.
    func next(upTo limit: Int) -> ArraySlice<UInt8> {
        guard frameIndex < frames.count else { return [] }
        return frames[frameIndex][offset...].prefix(limit)
    }

    /// Drops bytes that ``next(upTo:)`` gave and that are written.
    mutating func removeFirst(_ count: Int) {
        guard frameIndex < frames.count else { return }
        byteCount -= count
        offset += count
        guard offset == frames[frameIndex].count else { return }
        frames[frameIndex] = []
        frameIndex += 1
        offset = 0
        guard frameIndex * 2 >= frames.count else { return }
        frames.removeFirst(frameIndex)
        frameIndex = 0
    }
}
