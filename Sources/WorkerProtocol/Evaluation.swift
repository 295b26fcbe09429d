/// How a script ended and what it cost.
package struct Evaluation: Hashable, Sendable {
    /// How the script ended.
    package var outcome: ScriptOutcome
    /// Wall time of the script, with its timers and microtasks.
    package var microseconds: UInt64
    /// Bytes in V8's heap and in array buffers when the script had ended.
    package var heapByteCount: UInt64

    /// Makes an evaluation.
    package init(outcome: ScriptOutcome, microseconds: UInt64, heapByteCount: UInt64) {
        self.outcome = outcome
        self.microseconds = microseconds
        self.heapByteCount = heapByteCount
    }

    func encode(into writer: inout WireWriter) {
        outcome.encode(into: &writer)
        writer.write(microseconds)
        writer.write(heapByteCount)
    }

    init(from reader: inout WireReader) throws(WireError) {
        outcome = try ScriptOutcome(from: &reader)
        microseconds = try reader.read()
        heapByteCount = try reader.read()
    }
}

/// How a script ended, as far as its worker can tell.
package enum ScriptOutcome: Hashable, Sendable {
    /// The value of the last expression.
    case value(ScriptValue)
    /// The script threw, was rejected, or does not parse.
    case exception(ScriptError)
    /// The deadline came first; `pending` says what it still waited for, if it only waited.
    case timeout(pending: String?)
    /// The heap limit was reached.
    case outOfMemory
    /// It awaits a promise that nothing is left to settle: it would wait for ever. `places` says
    /// where functions wait, as `run_js:3:7, …`; it may be empty.
    case unsettled(places: String)

    func encode(into writer: inout WireWriter) {
        switch self {
        case .value(let value):
            writer.write(UInt8(0))
            writer.write(optional: value.json) { $0.write($1) }
            writer.write(value.text)
        case .exception(let error):
            writer.write(UInt8(1))
            error.encode(into: &writer)
        case .timeout(let pending):
            writer.write(UInt8(2))
            writer.write(optional: pending) { $0.write($1) }
        case .outOfMemory:
            writer.write(UInt8(3))
        case .unsettled(let places):
            writer.write(UInt8(4))
            writer.write(places)
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 0:
            let json = try reader.readOptional { reader throws(WireError) in
                try reader.readBytes()
            }
            self = .value(ScriptValue(json: json, text: try reader.readText()))
        case 1: self = .exception(try ScriptError(from: &reader))
        case 2:
            self = .timeout(
                pending: try reader.readOptional { reader throws(WireError) in try reader.readText()
                })
        case 3: self = .outOfMemory
        case 4: self = .unsettled(places: try reader.readText())
        case let tag: throw .unknownTag(tag, in: "outcome")
        }
    }
}

/// A script's result in the two forms in which it is shown.
package struct ScriptValue: Hashable, Sendable {
    /// The value as JSON text in UTF-8; absent where it has no JSON form or is over the output
    /// limit.
    package var json: [UInt8]?
    /// The value as a console prints it, cut at the output limit.
    package var text: String

    /// Makes a value.
    package init(json: [UInt8]?, text: String) {
        self.json = json
        self.text = text
    }
}

/// What a script threw.
package struct ScriptError: Hashable, Sendable {
    /// Whether the script ran at all.
    package enum Kind: UInt8, Sendable {
        /// Thrown while it ran.
        case exception = 0
        /// It does not parse: nothing ran.
        case syntax = 1
    }

    /// Whether the script ran at all.
    package var kind: Kind
    /// The error's `name`, or the type of a thrown value that is no error.
    package var name: String
    /// The error's `message`, or the thrown value as text.
    package var message: String
    /// Name, message and frames, without our own frames.
    package var stack: String
    /// Line in the code as given, from 1; 0 where unknown.
    package var line: UInt32
    /// Column in that line, from 1; 0 where unknown.
    package var column: UInt32

    /// Makes an error.
    package init(
        kind: Kind, name: String, message: String, stack: String, line: UInt32, column: UInt32
    ) {
        self.kind = kind
        self.name = name
        self.message = message
        self.stack = stack
        self.line = line
        self.column = column
    }

    func encode(into writer: inout WireWriter) {
        writer.write(kind.rawValue)
        writer.write(name)
        writer.write(message)
        writer.write(stack)
        writer.write(line)
        writer.write(column)
    }

    init(from reader: inout WireReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: tag) else { throw .unknownTag(tag, in: "error kind") }
        self.kind = kind
        name = try reader.readText()
        message = try reader.readText()
        stack = try reader.readText()
        line = try reader.read()
        column = try reader.read()
    }
}
