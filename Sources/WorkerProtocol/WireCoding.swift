/// Why bytes are not a message of this protocol.
package enum WireError: Error, Hashable, Sendable {
    /// The message ends before its last field.
    case truncated
    /// Bytes are left after the last field.
    case trailingBytes(count: Int)
    /// A tag names no known case.
    case unknownTag(UInt8, in: String)
    /// A text is not UTF-8.
    case invalidText
    /// A frame announces more bytes than its kind may have.
    case frameTooLarge(byteCount: Int, limit: Int)
    /// The other program speaks this version of the messages, not ours.
    case otherVersion(UInt32)
}

extension WireError: CustomStringConvertible {
    /// What is wrong with them.
    package var description: String {
        switch self {
        case .truncated: "it ends too soon"
        case .trailingBytes(let count): "\(count) bytes are left behind it"
        case .unknownTag(let tag, let place): "it has an unknown tag, \(tag), in \(place)"
        case .invalidText: "a text in it is not UTF-8"
        case .frameTooLarge(let byteCount, let limit):
            "it has \(byteCount) bytes, and at most \(limit) are allowed"
        case .otherVersion(let version): "it is of version \(version) of the protocol"
        }
    }
}

/// Appends fields in the protocol's layout: little-endian integers, bytes behind their `UInt32`
/// count.
package struct WireWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8]

    /// Makes an empty writer with room for `capacity` bytes.
    package init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Appends an integer, least significant byte first.
    package mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends a text as UTF-8 behind its byte count.
    package mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            write(UInt32(utf8.count))
            unsafe bytes.append(contentsOf: utf8)
        }
    }

    /// Appends bytes behind their count.
    package mutating func write(_ content: [UInt8]) {
        write(UInt32(content.count))
        bytes.append(contentsOf: content)
    }

    /// Appends whether there is a value, and the value.
    package mutating func write<Value>(
        optional value: Value?, with body: (inout WireWriter, Value) -> Void
    ) {
        write(UInt8(value == nil ? 0 : 1))
        if let value { body(&self, value) }
    }
}

/// Reads fields back in the order in which they were written; every read is bounds-checked.
package struct WireReader: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    /// Starts at the first of these bytes.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads an integer.
    package mutating func read<Integer: FixedWidthInteger>(
        _: Integer.Type = Integer.self
    ) throws(WireError) -> Integer {
        let count = Integer.bitWidth / 8
        guard bytes.count - position >= count else { throw .truncated }
        defer { position += count }
        return unsafe bytes.withUnsafeBytes { bytes in
            Integer(
                littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: position, as: Integer.self)
            )
        }
    }

    /// Reads bytes behind their count.
    package mutating func readBytes() throws(WireError) -> [UInt8] {
        let count = Int(try read(UInt32.self))
        guard bytes.count - position >= count else { throw .truncated }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// Reads a text and checks that it is UTF-8.
    package mutating func readText() throws(WireError) -> String {
        guard let text = String(validating: try readBytes(), as: UTF8.self) else {
            throw .invalidText
        }
        return text
    }

    /// Reads a value that may be absent.
    package mutating func readOptional<Value>(
        with body: (inout WireReader) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        switch try read(UInt8.self) {
        case 0: return nil
        case 1: return try body(&self)
        case let tag: throw .unknownTag(tag, in: "optional")
        }
    }

    /// Checks that nothing is left.
    package func finish() throws(WireError) {
        guard position == bytes.count else { throw .trailingBytes(count: bytes.count - position) }
    }
}
