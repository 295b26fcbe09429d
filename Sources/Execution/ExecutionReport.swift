package import Heaps
package import WorkerProtocol

/// What came of an execution.
package struct ExecutionReport: Hashable, Sendable {
    /// What an execution cost.
    package struct Statistics: Hashable, Sendable {
        /// From arrival to answer.
        package var duration: Duration = .zero
        /// The script alone; nil if it never ran.
        package var evaluation: Duration?
        /// Bytes in V8's heap when the script had ended.
        package var heapByteCount: Int?
        /// Bytes of the plain snapshot that was stored.
        package var snapshotByteCount: Int?
    }

    /// Names the execution in logs.
    package let id: String
    /// The value, or why there is none.
    package var outcome: ExecutionOutcome
    /// What the script printed.
    package var console = ConsoleTranscript()
    /// The heap it ran on; nil for a stateless run and for a run on a bare version.
    package var heap: HeapName?
    /// The version that the heap is at afterwards, or that a run which was not to be saved ran on.
    package var version: HeapVersion?
    /// Whether the heap is new.
    package var created = false
    /// Whether the state that the run left behind is stored already; nil where there is none.
    package var isDurable: Bool?
    /// What it cost.
    package var statistics = Statistics()

    init(id: String, outcome: ExecutionOutcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// How an execution ended.
package enum ExecutionOutcome: Hashable, Sendable {
    /// The value of the script's last expression.
    case value(ScriptValue)
    /// There is no value, and this is why.
    case failure(ExecutionFailure)
}
