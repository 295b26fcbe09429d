/// Messages that wait to be written to a server, in order.
struct Outgoing {
    private struct Message {
        var bytes: [UInt8]
        /// Whose request it is, if it is one.
        var id: Int?
    }

    private var messages: [Message] = []
    private var first = 0
    /// How much of the first is written.
    private var offset = 0
    private(set) var byteCount = 0
    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    var isEmpty: Bool { first == messages.count }

    /// Appends a message with its line break; false if too much waits already.
    mutating func append(_ message: [UInt8], id: Int?) -> Bool {
        guard byteCount + message.count < byteCountMax else { return false }
        messages.append(Message(bytes: message + [0x0A], id: id))
        byteCount += message.count + 1
        return true
    }

    /// What is to be written next.
    var front: (bytes: ArraySlice<UInt8>, id: Int?)? {
        guard first < messages.count else { return nil }
        return (messages[first].bytes[offset...], messages[first].id)
    }

    /// So many bytes of the front were written.
    mutating func consume(_ count: Int) {
        byteCount -= count
        offset += count
        guard offset == messages[first].bytes.count else { return }
        messages[first].bytes = []
        offset = 0
        first += 1
        if first == messages.count || first > 1_024 {
            messages.removeFirst(first)
            first = 0
        }
    }

    /// Takes a request back of which nothing was written.
    mutating func withdraw(_ id: Int) -> Bool {
        let begun = offset > 0 ? first + 1 : first
        guard let place = messages[begun...].firstIndex(where: { $0.id == id }) else {
            return false
        }
        byteCount -= messages[place].bytes.count
        messages.remove(at: place)
        return true
    }
}
