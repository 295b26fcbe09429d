/// One message on the socket between server and worker: `u32 byte count · u8 kind · payload`.
///
/// The count covers kind and payload. A peer that announces more than its kind may have is not
/// listened to any further.
package struct Frame: Hashable, Sendable {
    /// What a frame carries, and how much of it.
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// ``Request/evaluate(_:)``, to the worker.
        case evaluate = 1
        /// ``Request/inspect(_:)``, to the worker.
        case inspect = 2
        /// ``Request/saveNow(runNumber:)``, to the worker.
        case saveNow = 3
        /// ``Request/taken(slot:before:)``, to the worker.
        case taken = 4
        /// ``Reply/console(_:)``.
        case console = 16
        /// ``Reply/consoleOmitted(_:)``.
        case consoleOmitted = 17
        /// ``Reply/evaluated(_:)``.
        case evaluated = 18
        /// ``Reply/snapshot(_:)``.
        case snapshot = 19
        /// ``Reply/inspected(_:)``.
        case inspected = 20
        /// ``Reply/saved(_:)``.
        case saved = 21

        /// The most bytes that a payload of this kind may have.
        package var payloadByteCountMax: Int {
            switch self {
            case .evaluate: 5 << 20
            case .saveNow: 4
            case .taken: 5
            case .console: (4 << 20) + 64
            case .consoleOmitted: 16
            case .evaluated: 16 << 20
            case .inspect: 64 << 10
            case .inspected: 16 << 20
            case .snapshot, .saved: 4 << 10
            }
        }
    }

    /// Bytes before the payload.
    package static let headerByteCount = 5

    /// What the frame carries.
    package var kind: Kind
    /// The fields of what it carries.
    package var payload: [UInt8]

    /// Makes a frame.
    package init(kind: Kind, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    /// Header and payload as they travel.
    ///
    /// - Throws: ``WireError/frameTooLarge(byteCount:limit:)`` for a payload over its kind's limit.
    package func encoded() throws(WireError) -> [UInt8] {
        let limit = kind.payloadByteCountMax
        guard payload.count <= limit else {
            throw .frameTooLarge(byteCount: payload.count, limit: limit)
        }
        var writer = WireWriter(capacity: Frame.headerByteCount + payload.count)
        writer.write(UInt32(payload.count + 1))
        writer.write(kind.rawValue)
        return writer.bytes + payload
    }

    /// The kind and payload size that a header announces.
    ///
    /// - Parameter header: exactly ``headerByteCount`` bytes.
    /// - Throws: ``WireError`` for an unknown kind or a size over its limit.
    package static func parseHeader(
        _ header: [UInt8]
    ) throws(WireError) -> (kind: Kind, payloadByteCount: Int) {
        var reader = WireReader(header)
        let byteCount = Int(try reader.read(UInt32.self))
        let tag = try reader.read(UInt8.self)
        try reader.finish()
        guard let kind = Kind(rawValue: tag) else { throw .unknownTag(tag, in: "frame") }
        guard byteCount >= 1 else { throw .truncated }
        guard byteCount - 1 <= kind.payloadByteCountMax else {
            throw .frameTooLarge(byteCount: byteCount - 1, limit: kind.payloadByteCountMax)
        }
        return (kind, byteCount - 1)
    }
}
