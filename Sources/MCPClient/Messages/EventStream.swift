import MCP

/// Cuts a stream of server-sent events into events, as the HTML standard reads them.
struct EventStream {
    struct Event: Equatable {
        var type: String
        var data: [UInt8]
    }

    /// Where a stream that broke can be taken up again, if the server said so.
    private(set) var lastEventID: String?
    /// How long the server wants us to wait before that.
    private(set) var retry: Duration?

    private static let retryMax = Duration.seconds(30)
    private static let idByteCountMax = 1_024

    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var type = ""
    private var data: [UInt8]?
    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Takes in the next bytes and hands out the events that they complete.
    ///
    /// - Throws: ``UpstreamError/Kind/tooLarge`` for an event over the limit.
    mutating func append(_ bytes: [UInt8]) throws(UpstreamError) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            // The second half of a break that was counted already.
            let isSecondHalf = endedWithReturn && end == rest.startIndex && rest[end] == 0x0A
            endedWithReturn = rest[end] == 0x0D
            if !isSecondHalf {
                try collect(rest[..<end])
                if let event = try endLine() { events.append(event) }
            }
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { endedWithReturn = false }
        try collect(rest)
        return events
    }

    private mutating func collect(_ piece: ArraySlice<UInt8>) throws(UpstreamError) {
        guard line.count + (data?.count ?? 0) + piece.count <= byteCountMax + 64 else {
            throw UpstreamError(
                .tooLarge, "The server sent a message of more than \(byteCountMax) bytes")
        }
        line += piece
    }

    private mutating func endLine() throws(UpstreamError) -> Event? {
        let line = self.line
        self.line.removeAll(keepingCapacity: line.count < 65_536)
        guard !line.isEmpty else { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            if data == nil { data = Array(value) } else { data?.append(0x0A); data? += value }
        case "event": type = String(decoding: value.prefix(256), as: UTF8.self)
        case "id" where !value.contains(0) && value.count <= Self.idByteCountMax:
            lastEventID = String(decoding: value, as: UTF8.self)
        case "retry":
            let milliseconds = Int(String(decoding: value, as: UTF8.self))
            retry = milliseconds.map { min(.milliseconds(max(0, $0)), Self.retryMax) } ?? retry
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> Event? {
        defer {
            data = nil
            type = ""
        }
        return data.map { Event(type: type.isEmpty ? "message" : type, data: $0) }
    }
}
