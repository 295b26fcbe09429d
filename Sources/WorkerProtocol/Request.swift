/// What the server asks of a worker.
package enum Request: Hashable, Sendable {
    /// Run a script.
    case evaluate(EvaluateRequest)
    /// Look into a heap.
    case inspect(InspectRequest)
    /// Save at once the state of this run, kept for later, or of the next one after it that there
    /// is; see ``SnapshotReport/kept``.
    case saveNow(runNumber: UInt32)
    /// The saved snapshot was read: its slot of the exchange memory is the worker's again. What is
    /// kept of runs before that one is of no more use.
    case taken(slot: UInt8, before: UInt32)

    /// The frame that carries this request.
    package var frame: Frame {
        switch self {
        case .evaluate(let request): Frame(kind: .evaluate, payload: request.encoded())
        case .inspect(let request): Frame(kind: .inspect, payload: request.encoded())
        case .saveNow(let runNumber):
            Frame(kind: .saveNow, payload: Request.encoded { $0.write(runNumber) })
        case .taken(let slot, let runNumber):
            Frame(
                kind: .taken,
                payload: Request.encoded { writer in
                    writer.write(slot)
                    writer.write(runNumber)
                })
        }
    }

    private static func encoded(_ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        body(&writer)
        return writer.bytes
    }

    /// Reads a request from a frame.
    package init(_ frame: Frame) throws(WireError) {
        var reader = WireReader(frame.payload)
        switch frame.kind {
        case .evaluate: self = .evaluate(try EvaluateRequest(from: &reader))
        case .inspect: self = .inspect(try InspectRequest(from: &reader))
        case .saveNow: self = .saveNow(runNumber: try reader.read())
        case .taken: self = .taken(slot: try reader.read(), before: try reader.read())
        default: throw .unknownTag(frame.kind.rawValue, in: "request")
        }
        try reader.finish()
    }
}

/// One script and the state it runs on.
package struct EvaluateRequest: Hashable, Sendable {
    /// The state that a script starts from.
    package enum State: Hashable, Sendable {
        /// A clean isolate that is never serialised; nothing is kept.
        case stateless
        /// A heap with nothing in it yet.
        case newHeap
        /// A snapshot: its first `byteCount` bytes lie in the exchange memory.
        case snapshot(byteCount: UInt64)
        /// The heap that this worker holds since its last snapshot.
        case live
    }

    /// Which outcomes are followed by a snapshot.
    package enum Saving: UInt8, Sendable {
        /// None.
        case never = 0
        /// A value only.
        case onValue = 1
        /// A value or an exception; never a limit.
        case onValueOrException = 2

        /// Whether a run that ended so is followed by a snapshot; code that does not parse changed
        /// nothing.
        package func covers(_ outcome: ScriptOutcome) -> Bool {
            switch (self, outcome) {
            case (.onValue, .value), (.onValueOrException, .value): true
            case (.onValueOrException, .exception(let error)): error.kind == .exception
            default: false
            }
        }
    }

    /// The state that the script starts from.
    package var state: State
    /// Which outcomes are followed by a snapshot.
    package var saving: Saving
    /// The number of this run on its heap, from 1: part of the script's name in later stack traces.
    package var runNumber: UInt32
    /// The shortest delay: the snapshot is made beside the runs that follow, whatever they are.
    package static let savingDelayMillisecondsMin: UInt32 = 1

    /// Milliseconds after which the snapshot is made: with 0 it is part of the answer, with more it
    /// is kept until then, and dropped where a later run's takes its place.
    package var savingDelayMilliseconds: UInt32 = 0
    /// Milliseconds after which the script is terminated, from the moment the worker reads the
    /// request.
    package var timeoutMilliseconds: UInt32
    /// The most bytes of console output, and of result, that come back.
    package var outputByteCountMax: UInt32
    /// The source text.
    package var code: String

    /// Makes a request.
    package init(
        state: State, saving: Saving, runNumber: UInt32, savingDelayMilliseconds: UInt32 = 0,
        timeoutMilliseconds: UInt32, outputByteCountMax: UInt32, code: String
    ) {
        self.savingDelayMilliseconds = savingDelayMilliseconds
        self.state = state
        self.saving = saving
        self.runNumber = runNumber
        self.timeoutMilliseconds = timeoutMilliseconds
        self.outputByteCountMax = outputByteCountMax
        self.code = code
    }

    func encoded() -> [UInt8] {
        var writer = WireWriter(capacity: 64 + code.utf8.count)
        switch state {
        case .stateless: writer.write(UInt8(0))
        case .newHeap: writer.write(UInt8(1))
        case .snapshot(let byteCount):
            writer.write(UInt8(2))
            writer.write(byteCount)
        case .live: writer.write(UInt8(3))
        }
        writer.write(saving.rawValue)
        writer.write(runNumber)
        writer.write(savingDelayMilliseconds)
        writer.write(timeoutMilliseconds)
        writer.write(outputByteCountMax)
        writer.write(code)
        return writer.bytes
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 0: state = .stateless
        case 1: state = .newHeap
        case 2: state = .snapshot(byteCount: try reader.read())
        case 3: state = .live
        case let tag: throw .unknownTag(tag, in: "state")
        }
        let savingTag = try reader.read(UInt8.self)
        guard let saving = Saving(rawValue: savingTag) else {
            throw .unknownTag(savingTag, in: "saving")
        }
        self.saving = saving
        runNumber = try reader.read()
        savingDelayMilliseconds = try reader.read()
        timeoutMilliseconds = try reader.read()
        outputByteCountMax = try reader.read()
        code = try reader.readText()
    }
}
