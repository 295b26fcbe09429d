internal import Crypto

/// SHA-256 in hex, as signatures want it.
func sha256Text(of bytes: [UInt8]) -> String {
    hexText(of: SHA256.hash(data: bytes))
}

/// SHA-256 in base64, as checksums are written.
func sha256Base64Text(of bytes: [UInt8]) -> String {
    base64Text(of: SHA256.hash(data: bytes))
}

/// Base64 with padding.
func base64Text(of bytes: some Sequence<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
        bits = bits << 8 | UInt32(byte)
        count += 1
        guard count == 3 else { continue }
        result += [18, 12, 6, 0].map { alphabet[Int(bits >> $0 & 63)] }
        (bits, count) = (0, 0)
    }
    if count > 0 {
        bits <<= UInt32(8 * (3 - count))
        result += [18, 12, 6, 0].prefix(count + 1).map { alphabet[Int(bits >> $0 & 63)] }
        result += [UInt8](repeating: UInt8(ascii: "="), count: 3 - count)
    }
    return String(decoding: result, as: UTF8.self)
}

/// CRC-64/NVME, the checksum that S3 makes of a whole object however it was sent.
struct CRC64NVME: Sendable {
    private static let tables: [[UInt64]] = {
        var tables = [[UInt64]](repeating: [UInt64](repeating: 0, count: 256), count: 8)
        for index in 0..<256 {
            var value = UInt64(index)
            for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 1 ? 0x9A6C_9329_AC4B_C9B5 : 0) }
            tables[0][index] = value
        }
        for index in 0..<256 {
            for table in 1..<8 {
                let before = tables[table - 1][index]
                tables[table][index] = tables[0][Int(before & 0xFF)] ^ before >> 8
            }
        }
        return tables
    }()

    private var register = UInt64.max

    /// Takes in more bytes: eight at a time, by a table for each.
    mutating func update(_ bytes: ArraySlice<UInt8>) {
        let tables = Self.tables
        var value = register
        var index = bytes.startIndex
        while index + 8 <= bytes.endIndex {
            var block: UInt64 = 0
            for offset in 0..<8 { block |= UInt64(bytes[index + offset]) << (8 * UInt64(offset)) }
            block ^= value
            value = 0
            for offset in 0..<8 {
                value ^= tables[7 - offset][Int(block >> (8 * UInt64(offset)) & 0xFF)]
            }
            index += 8
        }
        while index < bytes.endIndex {
            value = tables[0][Int((value ^ UInt64(bytes[index])) & 0xFF)] ^ value >> 8
            index += 1
        }
        register = value
    }

    /// The checksum of all bytes so far.
    var value: UInt64 { ~register }

    /// The checksum as S3's headers have it.
    static func text(of bytes: ArraySlice<UInt8>) -> String {
        var sum = CRC64NVME()
        sum.update(bytes)
        let value = sum.value
        let bytes = (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        return base64Text(of: bytes)
    }
}

extension HTTPAnswer {
    /// Whether the bytes are those that the service has a checksum of; true if it sent none.
    ///
    /// Only for whole objects: some services send the whole object's checksum with a part of it.
    var hasRightChecksum: Bool {
        if let text = header("x-amz-checksum-sha256"), !text.contains("-") {
            return text == sha256Base64Text(of: body)
        }
        if let text = header("x-amz-checksum-crc64nvme"), !text.contains("-") {
            return text == CRC64NVME.text(of: body[...])
        }
        return true
    }

    /// Whether a part of an object is the part that it is said to be.
    var hasRightLength: Bool {
        guard status == 206, let range = contentRange else { return true }
        return range.byteCount == body.count
    }

    /// What `Content-Range` says: how many bytes come, and how many there are; nil if nothing.
    var contentRange: (byteCount: Int, totalByteCount: Int)? {
        guard let text = header("Content-Range") else { return nil }
        let numbers = text.split { !$0.isNumber }.map { Int($0) }
        guard numbers.count == 3, let first = numbers[0], let last = numbers[1],
            let total = numbers[2], last >= first
        else { return nil }
        return (last - first + 1, total)
    }
}
