/// What is to be found out about a heap, without running any code of it.
package struct InspectRequest: Hashable, Sendable {
    /// The most bytes of a text that is looked for.
    package static let textByteCountMax = 256

    /// What is asked.
    package enum Question: Hashable, Sendable {
        /// Its variables, with what they hold down to a depth; at most so many.
        case variables(depth: UInt32, countMax: UInt32)
        /// Where a text occurs in names, strings and functions; at most so many places.
        case places(of: String, countMax: UInt32)
        /// All its variables, each with a digest of what it holds.
        case digests
        /// All its objects as Chrome's developer tools read them, in the exchange memory.
        case profile
    }

    /// The bytes of the snapshot, which lies at the start of the exchange memory.
    package var snapshotByteCount: UInt64
    /// Milliseconds after which the worker gives up.
    package var timeoutMilliseconds: UInt32
    /// The most bytes of JSON that come back.
    package var byteCountMax: UInt32
    /// What is asked.
    package var question: Question

    /// Makes a request.
    package init(
        snapshotByteCount: UInt64, timeoutMilliseconds: UInt32, byteCountMax: UInt32,
        question: Question
    ) {
        self.snapshotByteCount = snapshotByteCount
        self.timeoutMilliseconds = timeoutMilliseconds
        self.byteCountMax = byteCountMax
        self.question = question
    }

    func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.write(snapshotByteCount)
        writer.write(timeoutMilliseconds)
        writer.write(byteCountMax)
        switch question {
        case .variables(let depth, let countMax):
            writer.write(UInt8(0))
            writer.write(depth)
            writer.write(countMax)
        case .places(let text, let countMax):
            writer.write(UInt8(1))
            writer.write(text)
            writer.write(countMax)
        case .digests: writer.write(UInt8(2))
        case .profile: writer.write(UInt8(3))
        }
        return writer.bytes
    }

    init(from reader: inout WireReader) throws(WireError) {
        snapshotByteCount = try reader.read()
        timeoutMilliseconds = try reader.read()
        byteCountMax = try reader.read()
        switch try reader.read(UInt8.self) {
        case 0: question = .variables(depth: try reader.read(), countMax: try reader.read())
        case 1: question = .places(of: try reader.readText(), countMax: try reader.read())
        case 2: question = .digests
        case 3: question = .profile
        case let tag: throw .unknownTag(tag, in: "question")
        }
    }
}

/// What was found out about a heap.
package enum InspectionReport: Hashable, Sendable {
    /// A JSON object in UTF-8.
    case described(json: [UInt8])
    /// A profile: so many bytes at the start of the exchange memory.
    case profiled(byteCount: UInt64)
    /// It took too long.
    case outOfTime
    /// V8 had too little memory for it.
    case outOfMemory
    /// The profile does not fit into the exchange memory, or the heap is too large for V8's
    /// profiler.
    case tooLarge

    func encode(into writer: inout WireWriter) {
        switch self {
        case .described(let json):
            writer.write(UInt8(0))
            writer.write(json)
        case .profiled(let byteCount):
            writer.write(UInt8(1))
            writer.write(byteCount)
        case .outOfTime: writer.write(UInt8(2))
        case .outOfMemory: writer.write(UInt8(3))
        case .tooLarge: writer.write(UInt8(4))
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 0: self = .described(json: try reader.readBytes())
        case 1: self = .profiled(byteCount: try reader.read())
        case 2: self = .outOfTime
        case 3: self = .outOfMemory
        case 4: self = .tooLarge
        case let tag: throw .unknownTag(tag, in: "inspection report")
        }
    }
}
