package import Heaps

/// What a caller wants run.
package struct ExecutionRequest: Hashable, Sendable {
    /// Whether what a run leaves behind becomes the heap's next version.
    package enum Saving: Sendable {
        /// It does.
        case commit
        /// It is forgotten.
        case discard
    }

    /// What becomes of what a script did before it threw.
    package enum OnException: Sendable {
        /// It is forgotten, as if the script had not run.
        case rollback
        /// It is committed.
        case keep
    }

    /// The script.
    package var code: String
    /// What it runs on; nil for a clean isolate of which nothing is kept.
    package var heap: HeapReference?
    /// How long the run may take with all its waiting; nil for the default.
    package var timeout: Duration?
    /// Whether the heap changes.
    package var saving: Saving
    /// Whether a script that threw changes the heap.
    package var onException: OnException

    /// Makes a request.
    package init(
        code: String, heap: HeapReference? = nil, timeout: Duration? = nil,
        saving: Saving = .commit, onException: OnException = .rollback
    ) {
        self.code = code
        self.heap = heap
        self.timeout = timeout
        self.saving = saving
        self.onException = onException
    }
}
