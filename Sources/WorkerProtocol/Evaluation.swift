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
            value.encode(into: &writer)
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
        case 0: self = .value(try ScriptValue(from: &reader))
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
    /// Whether the text is cut, or the JSON left out for its length.
    package var isCut = false
    /// The value as a file, where it is one that clients can show.
    package var media: ScriptMedia?

    /// Makes a value.
    package init(json: [UInt8]?, text: String) {
        self.json = json
        self.text = text
    }

    func encode(into writer: inout WireWriter) {
        writer.write(optional: json) { $0.write($1) }
        writer.write(text)
        writer.write(UInt8(isCut ? 1 : 0))
        writer.write(optional: media) { writer, media in
            writer.write(media.type)
            writer.write(media.bytes)
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        json = try reader.readOptional { reader throws(WireError) in try reader.readBytes() }
        text = try reader.readText()
        let cut: UInt8 = try reader.read()
        guard cut <= 1 else { throw .unknownTag(cut, in: "mark of a cut") }
        isCut = cut == 1
        media = try reader.readOptional { reader throws(WireError) in
            ScriptMedia(type: try reader.readText(), bytes: try reader.readBytes())
        }
    }
}

/// A file that a script returned: an image, a sound, a document.
package struct ScriptMedia: Hashable, Sendable {
    /// The largest that comes back.
    package static let byteCountMax = 4 << 20

    /// Such as `image/png`.
    package var type: String
    /// What the file holds.
    package var bytes: [UInt8]

    /// Makes a file.
    package init(type: String, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
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
    /// Where it was thrown; nil where that is unknown.
    package var place: ScriptPlace?

    /// Makes an error.
    package init(
        kind: Kind, name: String, message: String, stack: String, place: ScriptPlace? = nil
    ) {
        self.kind = kind
        self.name = name
        self.message = message
        self.stack = stack
        self.place = place
    }

    func encode(into writer: inout WireWriter) {
        writer.write(kind.rawValue)
        writer.write(name)
        writer.write(message)
        writer.write(stack)
        writer.write(optional: place) { writer, place in
            writer.write(place.script)
            writer.write(place.line)
            writer.write(place.column)
            writer.write(optional: place.source) { $0.write($1) }
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: tag) else { throw .unknownTag(tag, in: "error kind") }
        self.kind = kind
        name = try reader.readText()
        message = try reader.readText()
        stack = try reader.readText()
        place = try reader.readOptional { reader throws(WireError) in
            ScriptPlace(
                script: try reader.readText(), line: try reader.read(), column: try reader.read(),
                source: try reader.readOptional { reader throws(WireError) in
                    try reader.readText()
                })
        }
    }
}

/// A place in a script, of this run or an earlier one.
package struct ScriptPlace: Hashable, Sendable {
    /// The script's name in stacks, such as `run_js#7`.
    package var script: String
    /// From 1.
    package var line: UInt32
    /// From 1, in UTF-16 units.
    package var column: UInt32
    /// The line itself, in code of an earlier run, and empty where it is long; nil in the code that
    /// was given.
    package var source: String?

    /// Makes a place.
    package init(script: String, line: UInt32, column: UInt32, source: String? = nil) {
        self.script = script
        self.line = line
        self.column = column
        self.source = source
    }
}
