package import WorkerProtocol

/// What a script printed: the beginning, how much was left out, and the end.
package struct ConsoleTranscript: Hashable, Sendable {
    /// The first lines; all of them where nothing was left out.
    package private(set) var head: [ConsoleLine] = []
    /// What lay between head and tail.
    package private(set) var omission: ConsoleOmission?
    /// The last lines.
    package private(set) var tail: [ConsoleLine] = []

    /// The bytes of all lines that were kept.
    package var byteCount: Int { (head + tail).reduce(0) { $0 + $1.text.utf8.count } }

    /// Makes an empty transcript.
    package init() {}

    /// Adds the next line.
    package mutating func append(_ line: ConsoleLine) {
        if omission == nil { head.append(line) } else { tail.append(line) }
    }

    /// Notes that lines were left out here.
    package mutating func append(_ omission: ConsoleOmission) {
        self.omission = omission
    }
}
