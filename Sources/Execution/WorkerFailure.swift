internal import Glibc
internal import WorkerProtocol

/// Why a worker ended that nobody had told to, in the words of metrics and logs.
package enum WorkerFailure: String, CaseIterable, Hashable, Sendable {
    /// `SIGSYS`: it made a system call that no worker makes. Code other than V8's runs in it.
    case sandboxViolation = "sandbox_violation"
    /// `SIGSEGV` or `SIGBUS`: it used memory that is not there.
    case memoryCorruption = "memory_corruption"
    /// `SIGABRT`, `SIGTRAP` or `SIGILL`: V8 or its libraries found something wrong and gave up.
    case engineAbort = "engine_abort"
    /// `SIGXCPU` or `SIGXFSZ`: it went over a limit of the system's.
    case resourceLimit = "resource_limit"
    /// It needed more memory than it may have.
    case outOfMemory = "out_of_memory"
    /// It did not stop at its deadline and was killed.
    case deadline
    /// It said what no worker says, and was killed.
    case protocolBreach = "protocol_breach"
    /// `SIGKILL`, from somebody else: perhaps the system, for want of memory.
    case killed
    /// It ended in some other way.
    case other

    /// Reads how a process ended; nil for one that went with its template.
    init?(_ exit: WorkerExit?, tellingOfMemory: Bool) {
        switch exit {
        case nil: return nil
        // What a worker says counts only where nothing worse is known of it.
        case .signalled(SIGSYS): self = .sandboxViolation
        case .signalled(SIGSEGV), .signalled(SIGBUS): self = .memoryCorruption
        case .exited(WorkerExit.outOfMemoryCode): self = .outOfMemory
        case .signalled(SIGXCPU), .signalled(SIGXFSZ): self = .resourceLimit
        case _ where tellingOfMemory: self = .outOfMemory
        case .signalled(SIGABRT), .signalled(SIGTRAP), .signalled(SIGILL): self = .engineAbort
        case .signalled(SIGKILL): self = .killed
        case .exited(WorkerExit.protocolErrorCode): self = .protocolBreach
        case .exited, .signalled: self = .other
        }
    }

    /// Whether it is what a worker does whose script broke out of V8: it counts against its heap.
    package var isIncident: Bool { self == .sandboxViolation || self == .memoryCorruption }

    /// Whether somebody should look at it soon.
    var isAlarming: Bool { isIncident || self == .protocolBreach }
}

/// What a service tells of while it runs, for metrics. Called from any thread; must not block.
package struct ExecutionEvents: Sendable {
    /// A worker failed.
    package var onWorkerFailure: @Sendable (WorkerFailure) -> Void = { _ in }
    /// A heap was quarantined.
    package var onQuarantine: @Sendable () -> Void = {}

    /// Tells nobody.
    package init() {}
}
