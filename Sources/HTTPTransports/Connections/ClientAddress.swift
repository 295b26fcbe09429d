import Glibc
package import NIOCore

/// Where a client comes from, as far as limits tell clients apart: an IPv4 address, or the 64-bit
/// network of an IPv6 address, all of which one client commonly has.
package struct ClientAddress: Hashable, Sendable {
    private let bytes: [UInt8]

    /// Takes the address of a connection's other side; all clients without one are the same.
    package init(_ address: SocketAddress?) {
        let text = address?.ipAddress ?? ""
        if let four = ClientAddress.bytes(of: text, family: AF_INET, count: 4) {
            bytes = four
        } else if let all = ClientAddress.bytes(of: text, family: AF_INET6, count: 16) {
            let isMapped = all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            let isLoopback = all.dropLast().allSatisfy { $0 == 0 } && all.last == 1
            bytes = isMapped ? Array(all[12...]) : isLoopback ? all : Array(all[..<8])
        } else {
            bytes = []
        }
    }

    /// Whether the client is a program on this machine, such as a proxy.
    package var isLoopback: Bool {
        switch bytes.count {
        case 4: bytes[0] == 127
        case 8: false
        default: true
        }
    }

    private static func bytes(of text: String, family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = unsafe bytes.withUnsafeMutableBytes {
            unsafe inet_pton(family, text, $0.baseAddress)
        }
        return result == 1 ? bytes : nil
    }
}
