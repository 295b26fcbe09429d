import V8
import WorkerProtocol

/// Answers the server's questions about a heap, which is looked at and not run.
struct HeapInspector {
    /// What of the time that is left V8's profiler may take for sizes.
    private static let profilerShare = 0.5

    let isolates: OpenIsolates
    let console: ConsoleRecorder
    let exchange: ExchangeMemory
    let watchdog: Watchdog

    /// Opens a heap, finds out what is asked, and lets go of it.
    func answer(_ request: InspectRequest) throws(WorkerError) -> InspectionReport {
        let deadline = Deadline.after(milliseconds: request.timeoutMilliseconds)
        let baseGlobals = try isolates.take(.heap, printingTo: console).listGlobals()
        let isolate = try open(exchange.snapshot(request.snapshotByteCount))
        watchdog.arm(isolate.terminator, at: deadline)
        defer { watchdog.disarm() }
        let seconds = Double(deadline.millisecondsLeft) / 1000
        if case .profile = request.question { return profile(of: isolate, within: seconds) }
        let json = isolate.inspect(
            request.question, byteCountMax: request.byteCountMax, hiding: baseGlobals,
            profilerSeconds: seconds * HeapInspector.profilerShare)
        guard let json else { return isolate.isOutOfMemory ? .outOfMemory : .outOfTime }
        return .described(json: json)
    }

    private func profile(of isolate: borrowing Isolate, within seconds: Double) -> InspectionReport
    {
        var byteCount = 0
        let outcome = unsafe isolate.writeProfile(withinSeconds: seconds) { bytes in
            guard unsafe exchange.put(bytes, at: byteCount) else { return false }
            byteCount += bytes.count
            return true
        }
        switch outcome {
        case .written: return .profiled(byteCount: UInt64(byteCount))
        case .outOfTime: return isolate.isOutOfMemory ? .outOfMemory : .outOfTime
        case .refused, .tooLarge: return .tooLarge
        }
    }

    /// As a heap, though it is never serialised again: V8 adds to the global object of every other
    /// isolate, and ends the process where a script has seen to it that nothing can be added.
    private func open(_ snapshot: Snapshot) throws(WorkerError) -> Isolate {
        isolates.makeRoom(for: snapshot)
        guard let isolate = Isolate(.heap, restoring: snapshot, print: { _ in }) else {
            throw .baseHeapFailed
        }
        return isolate
    }
}
