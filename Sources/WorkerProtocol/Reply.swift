/// What a worker says.
///
/// A run is answered by any number of ``console(_:)``, at most one ``consoleOmitted(_:)``, exactly
/// one ``evaluated(_:)``, and, where the request's saving asks for it, one ``snapshot(_:)``. An
/// inspection is answered by one ``inspected(_:)``. For each state that was kept, one ``saved(_:)``
/// may come at any time. Anything else ends the worker.
package enum Reply: Hashable, Sendable {
    /// A line that the script printed.
    case console(ConsoleLine)
    /// Lines were left out here: what follows is the end of the output.
    case consoleOmitted(ConsoleOmission)
    /// The script is over.
    case evaluated(Evaluation)
    /// The heap was serialised, or could not be.
    case snapshot(SnapshotReport)
    /// What was asked about a heap was found out, or could not be.
    case inspected(InspectionReport)
    /// A state that had been kept was serialised, or could not be.
    case saved(SavedSnapshot)

    /// The frame that carries this reply.
    package var frame: Frame {
        var writer = WireWriter()
        switch self {
        case .console(let line):
            line.encode(into: &writer)
            return Frame(kind: .console, payload: writer.bytes)
        case .consoleOmitted(let omission):
            omission.encode(into: &writer)
            return Frame(kind: .consoleOmitted, payload: writer.bytes)
        case .evaluated(let evaluation):
            evaluation.encode(into: &writer)
            return Frame(kind: .evaluated, payload: writer.bytes)
        case .snapshot(let report):
            report.encode(into: &writer)
            return Frame(kind: .snapshot, payload: writer.bytes)
        case .inspected(let report):
            report.encode(into: &writer)
            return Frame(kind: .inspected, payload: writer.bytes)
        case .saved(let saved):
            saved.encode(into: &writer)
            return Frame(kind: .saved, payload: writer.bytes)
        }
    }

    /// Reads a reply from a frame.
    package init(_ frame: Frame) throws(WireError) {
        var reader = WireReader(frame.payload)
        switch frame.kind {
        case .console: self = .console(try ConsoleLine(from: &reader))
        case .consoleOmitted: self = .consoleOmitted(try ConsoleOmission(from: &reader))
        case .evaluated: self = .evaluated(try Evaluation(from: &reader))
        case .snapshot: self = .snapshot(try SnapshotReport(from: &reader))
        case .inspected: self = .inspected(try InspectionReport(from: &reader))
        case .saved: self = .saved(try SavedSnapshot(from: &reader))
        case .evaluate, .inspect, .saveNow, .taken:
            throw .unknownTag(frame.kind.rawValue, in: "reply")
        }
        try reader.finish()
    }
}

/// One call of a `console` method, as text.
package struct ConsoleLine: Hashable, Sendable {
    /// How important a line is.
    package enum Level: UInt8, Sendable {
        case debug = 0
        case log = 1
        case info = 2
        case warn = 3
        case error = 4
    }

    /// How important the line is.
    package var level: Level
    /// The formatted text, without the newline at its end; it may hold others.
    package var text: String

    /// What a line counts for against the output limit: its bytes and a fixed share, so that empty
    /// lines are bounded too.
    package var byteCost: Int { text.utf8.count + 16 }

    /// Makes a line.
    package init(level: Level, text: String) {
        self.level = level
        self.text = text
    }

    func encode(into writer: inout WireWriter) {
        writer.write(level.rawValue)
        writer.write(text)
    }

    init(from reader: inout WireReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        guard let level = Level(rawValue: tag) else { throw .unknownTag(tag, in: "console level") }
        self.level = level
        text = try reader.readText()
    }
}

/// How much console output was left out between the head and the tail.
package struct ConsoleOmission: Hashable, Sendable {
    /// Whole lines that were left out.
    package var lineCount: UInt64
    /// Bytes of text that were left out, with those of lines that lost their start.
    package var byteCount: UInt64

    /// Makes an omission.
    package init(lineCount: UInt64, byteCount: UInt64) {
        self.lineCount = lineCount
        self.byteCount = byteCount
    }

    func encode(into writer: inout WireWriter) {
        writer.write(lineCount)
        writer.write(byteCount)
    }

    init(from reader: inout WireReader) throws(WireError) {
        lineCount = try reader.read()
        byteCount = try reader.read()
    }
}

/// What became of the snapshot that a request asked for.
package enum SnapshotReport: Hashable, Sendable {
    /// The snapshot's bytes lie at the start of the exchange memory; the worker now holds this
    /// state live.
    case made(byteCount: UInt64, microseconds: UInt64)
    /// The heap holds what cannot be serialised; the text names it.
    case notSerializable(String)
    /// The snapshot does not fit into the exchange memory.
    case tooLarge(byteCount: UInt64, limit: UInt64)
    /// A fork of the worker holds the state; it is serialised later, and told of as
    /// ``Reply/saved(_:)``, unless a later run's state takes its place.
    ///
    /// The state before it is kept too until it is known that this run counts: by a run on what it
    /// left behind, or by ``Request/taken(slot:before:)``.
    case kept
    /// Memory ran out while the heap was made ready, or serialised.
    case outOfMemory

    func encode(into writer: inout WireWriter) {
        switch self {
        case .made(let byteCount, let microseconds):
            writer.write(UInt8(0))
            writer.write(byteCount)
            writer.write(microseconds)
        case .notSerializable(let reason):
            writer.write(UInt8(1))
            writer.write(reason)
        case .tooLarge(let byteCount, let limit):
            writer.write(UInt8(2))
            writer.write(byteCount)
            writer.write(limit)
        case .kept:
            writer.write(UInt8(3))
        case .outOfMemory:
            writer.write(UInt8(4))
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 0: self = .made(byteCount: try reader.read(), microseconds: try reader.read())
        case 1: self = .notSerializable(try reader.readText())
        case 2: self = .tooLarge(byteCount: try reader.read(), limit: try reader.read())
        case 3: self = .kept
        case 4: self = .outOfMemory
        case let tag: throw .unknownTag(tag, in: "snapshot report")
        }
    }
}

/// What became of a state that was kept for later.
package struct SavedSnapshot: Hashable, Sendable {
    /// The run that left the state behind.
    package var runNumber: UInt32
    /// The part of the exchange memory that holds the snapshot; see ``WorkerDescriptor/exchange``.
    package var slot: UInt8
    /// What became of it; never ``SnapshotReport/kept``.
    package var report: SnapshotReport

    /// Makes a report on a kept state.
    package init(runNumber: UInt32, slot: UInt8, report: SnapshotReport) {
        self.runNumber = runNumber
        self.slot = slot
        self.report = report
    }

    func encode(into writer: inout WireWriter) {
        writer.write(runNumber)
        writer.write(slot)
        report.encode(into: &writer)
    }

    init(from reader: inout WireReader) throws(WireError) {
        runNumber = try reader.read()
        slot = try reader.read()
        guard slot < WorkerDescriptor.exchangeSlotCount else {
            throw .unknownTag(slot, in: "slot")
        }
        report = try SnapshotReport(from: &reader)
        if report == .kept { throw .unknownTag(3, in: "saved snapshot") }
    }
}
