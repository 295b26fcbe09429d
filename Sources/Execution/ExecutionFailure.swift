package import Heaps
package import WorkerProtocol

/// Why an execution has no value.
package struct ExecutionFailure: Error, Hashable, Sendable {
    /// What a program can do something about.
    package enum Kind: String, CaseIterable, Sendable {
        case exception
        case syntax
        case timeout
        case outOfMemory = "out_of_memory"
        case outputLimit = "output_limit"
        case cancelled
        case busy
        case conflict
        case notFound = "not_found"
        case incompatible
        case notSerializable = "not_serializable"
        case workerLost = "worker_lost"
        case storage
        /// Nothing runs on the heap until somebody says otherwise.
        case quarantined
        /// The request itself makes no sense.
        case invalid
    }

    /// What a program can tell failures apart by.
    package var kind: Kind
    /// What happened and what can be done, for a person or a model.
    package var message: String
    /// What the script threw.
    package var scriptError: ScriptError?

    /// Makes a failure.
    package init(_ kind: Kind, _ message: String, scriptError: ScriptError? = nil) {
        self.kind = kind
        self.message = message
        self.scriptError = scriptError
    }
}

extension ExecutionFailure: CustomStringConvertible {
    /// The kind and the message.
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension ExecutionFailure {
    static let cancelled = ExecutionFailure(
        .cancelled, "The execution was cancelled; nothing of it was kept.")

    static let shuttingDown = ExecutionFailure(
        .busy, "The server is shutting down; nothing of this run was kept.")

    static let outOfMemory = ExecutionFailure(
        .outOfMemory,
        "The script needed more memory than a heap may have; nothing of it was kept.")

    static func unsettled(_ places: String) -> ExecutionFailure {
        let waiting = places.isEmpty ? "" : " It waits at \(places)."
        return ExecutionFailure(
            .timeout,
            "The script awaits a promise that nothing is left to settle: it would wait for ever."
                + "\(waiting) Nothing of it was kept.")
    }

    static func notSerializable(_ reason: String) -> ExecutionFailure {
        ExecutionFailure(
            .notSerializable, "The heap cannot be saved, and is as it was before: \(reason)")
    }

    init(_ error: ScriptError) {
        let kind: Kind =
            switch error.kind {
            case .exception: .exception
            case .syntax: .syntax
            }
        self.init(kind, "\(error.name): \(error.message)", scriptError: error)
    }

    /// Says what a refusal of the storage means to who asked for something.
    package init(_ error: HeapError) {
        let kind: Kind =
            switch error {
            case .invalidName, .invalidVersion, .invalidReference, .ambiguousVersion: .invalid
            case .heapNotFound, .versionNotFound, .versionNotInHistory: .notFound
            case .conflict, .heapExists: .conflict
            case .incompatible: .incompatible
            case .snapshotTooLarge: .notSerializable
            default: .storage
            }
        self.init(kind, "\(error)")
    }
}

extension Duration {
    /// Seconds with no more digits than a person wants: `29.9 s`, `0.25 s`.
    var inSeconds: String {
        let unit = self < .milliseconds(100) ? 1_000.0 : self < .seconds(1) ? 100.0 : 10.0
        let seconds = (self / .seconds(1) * unit).rounded() / unit
        return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
