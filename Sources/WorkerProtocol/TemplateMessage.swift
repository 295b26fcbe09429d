/// What the server and the template worker say to each other: one message a datagram on a
/// `SOCK_SEQPACKET` socket.
///
/// The template is trusted as the server is: it never sees a script or a heap.
package enum TemplateMessage: Hashable, Sendable {
    /// How workers will be confined. May come before ``ready(identity:codeByteCount:)``, from the
    /// template.
    case confined(SandboxReport)
    /// The template is ready to fork workers, which all have so many bytes of code in memory that
    /// is no file's. First message but one, from the template; ``protocolVersion`` travels with it.
    case ready(identity: EngineIdentity, codeByteCount: UInt64)
    /// Fork a worker. The datagram carries its descriptors in ``WorkerDescriptor`` order. To the
    /// template.
    case start(workerID: UInt32)
    /// End a worker and what it forked with `SIGKILL`, and forget it; an unknown id is ignored. To
    /// be said once of every worker. To the template.
    case kill(workerID: UInt32)
    /// A worker was forked. From the template.
    case started(workerID: UInt32, processID: Int32)
    /// A worker is gone and was reaped; what it forked may still live. From the template.
    case ended(workerID: UInt32, status: WorkerExit)

    /// The version of this module's messages; both processes must have the same.
    package static let protocolVersion: UInt32 = 4
    /// The most bytes that a message has.
    package static let byteCountMax = 512

    /// The message as it travels.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        switch self {
        case .ready(let identity, let codeByteCount):
            writer.write(UInt8(0))
            writer.write(TemplateMessage.protocolVersion)
            writer.write(identity.v8Version)
            writer.write(identity.buildID)
            writer.write(identity.mode.rawValue)
            writer.write(identity.nativesVersion)
            writer.write(codeByteCount)
        case .start(let workerID):
            writer.write(UInt8(1))
            writer.write(workerID)
        case .kill(let workerID):
            writer.write(UInt8(2))
            writer.write(workerID)
        case .ended(let workerID, let status):
            writer.write(UInt8(3))
            writer.write(workerID)
            switch status {
            case .exited(let code):
                writer.write(UInt8(0))
                writer.write(code)
            case .signalled(let number):
                writer.write(UInt8(1))
                writer.write(number)
            }
        case .started(let workerID, let processID):
            writer.write(UInt8(5))
            writer.write(workerID)
            writer.write(processID)
        case .confined(let report):
            writer.write(UInt8(4))
            report.write(to: &writer)
        }
        return writer.bytes
    }

    /// Reads a message.
    package init(_ bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        switch try reader.read(UInt8.self) {
        case 0:
            let version: UInt32 = try reader.read()
            // What follows it in another version is not known.
            guard version == TemplateMessage.protocolVersion else { throw .otherVersion(version) }
            let v8Version = try reader.readText()
            let buildID = try reader.readText()
            let modeTag = try reader.read(UInt8.self)
            guard let mode = EngineIdentity.Mode(rawValue: modeTag) else {
                throw .unknownTag(modeTag, in: "engine mode")
            }
            self = .ready(
                identity: EngineIdentity(
                    v8Version: v8Version, buildID: buildID, mode: mode,
                    nativesVersion: try reader.read()),
                codeByteCount: try reader.read())
        case 1: self = .start(workerID: try reader.read())
        case 2: self = .kill(workerID: try reader.read())
        case 3:
            let workerID: UInt32 = try reader.read()
            switch try reader.read(UInt8.self) {
            case 0: self = .ended(workerID: workerID, status: .exited(code: try reader.read()))
            case 1: self = .ended(workerID: workerID, status: .signalled(try reader.read()))
            case let tag: throw .unknownTag(tag, in: "worker exit")
            }
        case 5: self = .started(workerID: try reader.read(), processID: try reader.read())
        case 4: self = .confined(try SandboxReport(from: &reader))
        case let tag: throw .unknownTag(tag, in: "template message")
        }
        try reader.finish()
    }
}

/// How a worker process ended.
package enum WorkerExit: Hashable, Sendable {
    /// It returned this code.
    case exited(code: Int32)
    /// A signal of this number ended it.
    case signalled(Int32)

    /// The code of a worker that ran out of memory beyond what V8 could turn into an outcome.
    package static let outOfMemoryCode: Int32 = 78
    /// The code told of a worker that could not be forked.
    package static let notStartedCode: Int32 = 77
    /// The code of a worker whose peer broke the protocol.
    package static let protocolErrorCode: Int32 = 79
}

/// The descriptors that a worker is born with, in the order in which they travel.
package enum WorkerDescriptor: Int32, CaseIterable, Sendable {
    /// The stream socket to the server, on which frames travel.
    case channel = 3
    /// Shared memory through which snapshots pass: ``exchangeSlotCount`` slots of equal size, which
    /// is the limit of a snapshot. The server puts one into the first slot only.
    case exchange = 4
    /// A sealed memory file of ``diagnosticsByteCount`` bytes that is the worker's standard error:
    /// V8's last words.
    case diagnostics = 5

    /// How many snapshots the exchange memory has room for: one that is read, the one of the last
    /// run, and the one before, until it is known that the last run counts.
    package static let exchangeSlotCount = 3

    /// How much of a slot stays as it is when the server has read it, in bytes: of a heap that
    /// holds little the whole snapshot. With that its worker has some 5 MiB of its own.
    package static let exchangeKeptByteCount = 896 << 10
    /// The size of the diagnostics file.
    package static let diagnosticsByteCount = 4096
}
