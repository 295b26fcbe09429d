import Glibc
import Sandbox
import V8
import WorkerProtocol

/// Answers the server's requests on one heap.
struct HeapServer: ~Copyable {
    /// A run of more, in microseconds of processor time, has machine code that is worth a fork. It
    /// costs as much more as this at least, and machine code does not outlast a snapshot in place.
    private static let inPlaceMicrosecondsMax: UInt64 = 3_000
    /// How many runs after one of those are taken to run its code.
    private static let forkedRunCountMax = 8

    private let isolates: OpenIsolates
    private let exchange: ExchangeMemory
    private let channel: Channel
    private let watchdog: Watchdog
    private let forking: Confinement.Forking
    private let console: ConsoleRecorder
    private var forks: SnapshotForks
    /// The heap as the last request left it.
    private var live: Isolate?
    /// What came while something else was awaited.
    private var next: Request?
    /// How many more runs are to find the machine code of those before.
    private var forkedRunsLeft = 0

    init(
        isolates: OpenIsolates, exchange: ExchangeMemory, channel: Channel, watchdog: Watchdog,
        forks: SnapshotForks, forking: Confinement.Forking
    ) {
        self.isolates = isolates
        self.exchange = exchange
        self.channel = channel
        self.watchdog = watchdog
        self.forks = forks
        self.forking = forking
        console = ConsoleRecorder(channel: channel)
    }

    /// Serves requests until the server is gone.
    mutating func run() throws(WorkerError) {
        while true {
            var request = next.take()
            if request == nil { request = try read(until: .never) }
            switch request {
            case .evaluate(let request): try serve(request)
            case let other?: try attend(to: other)
            case nil: break
            }
        }
    }

    /// The next request; nil if the moment came first.
    ///
    /// Here, and nowhere else, is waited for the server and for time: whichever comes first.
    private func read(until moment: Deadline) throws(WorkerError) -> Request? {
        guard let frame = try channel.read(until: moment) else { return nil }
        do throws(WireError) { return try Request(frame) } catch { throw .wire(error) }
    }

    /// Does what a request asks that is no run.
    private mutating func attend(to request: Request) throws(WorkerError) {
        switch request {
        case .evaluate: next = request
        case .saveNow(let runNumber):
            for failure in forks.hasten(runNumber) { channel.write(.saved(failure)) }
        case .taken(let slot, let runNumber):
            forks.release(slot: Int(slot))
            forks.drop(before: runNumber)
        case .inspect(let request): try inspect(request)
        }
        channel.isShared = forks.isAnyAlive
    }

    private func inspect(_ request: InspectRequest) throws(WorkerError) {
        let inspector = HeapInspector(
            isolates: isolates, console: console, exchange: exchange, watchdog: watchdog)
        channel.write(.inspected(try inspector.answer(request)))
    }

    private mutating func serve(_ request: EvaluateRequest) throws(WorkerError) {
        let deadline = Deadline.after(milliseconds: request.timeoutMilliseconds)
        let isolate = try open(request.state)
        // The last run counts: somebody goes on from what it left behind.
        forks.dropReplaced()
        forks.endDropped()
        console.begin(byteCountMax: Int(request.outputByteCountMax))
        let start = Deadline.now
        let processorStart = HeapServer.processorMicroseconds
        let script = Isolate.Script(
            code: request.code, name: request.scriptName,
            outputByteCountMax: request.outputByteCountMax, deadline: deadline)
        let outcome = isolate.confirm(try evaluate(script, in: isolate))
        console.finish()
        noteWork(HeapServer.processorMicroseconds - processorStart)
        let evaluated = Reply.evaluated(
            Evaluation(
                outcome: outcome, microseconds: Deadline.now.microseconds(since: start),
                heapByteCount: isolate.heapByteCount))
        // That the state is kept is said a moment later, and nobody is answered before.
        let isKept = request.savingDelayMilliseconds > 0 && request.saving.covers(outcome)
        if isKept { channel.hold(evaluated) } else { channel.write(evaluated) }
        if request.state == .stateless {
            // The process was made for this one run, and taking its isolate apart helps nobody.
            _exit(0)
        } else if request.saving.covers(outcome) {
            try save(isolate, request)
        } else {
            // After a limit the isolate is of no more use; the server knows and ends this process.
            // What it held before is wanted soon.
            try attend(to: .saveNow(runNumber: 0))
            live = consume isolate
        }
    }

    /// Runs a script under the watchdog: nothing of it is left to be ended afterwards.
    private mutating func evaluate(
        _ script: Isolate.Script, in isolate: borrowing Isolate
    ) throws(WorkerError) -> ScriptOutcome {
        watchdog.arm(isolate.terminator, at: script.deadline)
        defer { watchdog.disarm() }
        return try isolate.evaluate(script, waiter: &self)
    }

    /// Notes how much a run has computed.
    private mutating func noteWork(_ microseconds: UInt64) {
        if microseconds > HeapServer.inPlaceMicrosecondsMax {
            forkedRunsLeft = HeapServer.forkedRunCountMax
        } else if forkedRunsLeft > 0 {
            forkedRunsLeft -= 1
        }
    }

    /// Of this thread.
    private static var processorMicroseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    private mutating func open(_ state: EvaluateRequest.State) throws(WorkerError) -> Isolate {
        switch state {
        case .stateless: return try isolates.take(.stateless, printingTo: console)
        case .newHeap: return try isolates.take(.heap, printingTo: console)
        case .snapshot(let byteCount): return try open(exchange.snapshot(byteCount))
        case .live:
            guard let isolate = live.take() else { throw .wire(.unknownTag(3, in: "state")) }
            return isolate
        }
    }

    private func open(_ snapshot: Snapshot) throws(WorkerError) -> Isolate {
        let console = console
        isolates.makeRoom(for: snapshot)
        guard let isolate = Isolate(.heap, restoring: snapshot, print: { console.record($0) })
        else { throw .baseHeapFailed }
        return isolate
    }

    /// Sees to it that the heap's state is serialised, now or later, and goes on with the heap.
    private mutating func save(
        _ isolate: consuming Isolate, _ request: EvaluateRequest
    ) throws(WorkerError) {
        if let obstacle = isolate.prepareSerialization() {
            let report: SnapshotReport =
                isolate.isOutOfMemory ? .outOfMemory : .notSerializable(obstacle)
            channel.write(.snapshot(report))
            return
        }
        if request.savingDelayMilliseconds == 0 {
            try saveNow(isolate)
        } else {
            channel.write(.snapshot(.kept))
            try keep(isolate, request)
        }
    }

    /// Serialises the heap in a fork, or here, and says so.
    private mutating func saveNow(_ isolate: consuming Isolate) throws(WorkerError) {
        if forking == .snapshots && forkedRunsLeft > 0 {
            let (exchange, channel, fork) = (exchange, channel, isolate.fork)
            let outcome = forks.run {
                let start = Deadline.now
                let snapshot = unsafe fork.serialize(into: exchange.slot(0))
                channel.write(.snapshot(exchange.report(snapshot, in: 0, since: start)))
            }
            switch outcome {
            case .done:
                live = consume isolate
                return
            case .failed(let report):
                channel.write(.snapshot(report))
                return
            case .noFork: break
            }
        }
        let start = Deadline.now
        // The heap is opened from it while the server reads it, and gives most of the slot back.
        let snapshot = unsafe isolate.serialize(into: exchange.keptPart(ofSlot: 0))
        channel.write(.snapshot(exchange.report(snapshot, in: 0, since: start)))
        live = try open(snapshot)
    }

    /// Has a fork keep the heap's state, in the place of the one that is kept; that one stays until
    /// it is known that this run counts.
    private mutating func keep(
        _ isolate: consuming Isolate, _ request: EvaluateRequest
    ) throws(WorkerError) {
        forks.replaceKept()
        var free = forks.freeSlot()
        while free == nil {
            if let request = try read(until: .never) { try attend(to: request) }
            free = forks.freeSlot()
        }
        guard let slot = free else { return }
        if forking == .snapshots {
            channel.isShared = true
            isolates.makeForksLight()
            let (exchange, channel, fork) = (exchange, channel, isolate.fork)
            let isKept = forks.keep(
                slot: slot, runNumber: request.runNumber,
                delayMilliseconds: request.savingDelayMilliseconds
            ) {
                let start = Deadline.now
                let snapshot = unsafe fork.serialize(into: exchange.slot(slot))
                let report = exchange.report(snapshot, in: slot, since: start)
                channel.write(.saved(SavedSnapshot(request.runNumber, slot, report)))
            }
            if isKept {
                live = consume isolate
                return
            }
        }
        let start = Deadline.now
        let snapshot = unsafe isolate.serialize(into: exchange.keptPart(ofSlot: slot))
        let report = exchange.report(snapshot, in: slot, since: start)
        forks.lend(slot: slot, runNumber: request.runNumber)
        channel.write(.saved(SavedSnapshot(request.runNumber, slot, report)))
        live = try open(snapshot)
    }
}

extension HeapServer: Waiter {
    var now: Deadline { .now }

    /// Waits for what a run waits for, and does meanwhile what is asked about states that are kept.
    ///
    /// - Throws: ``WorkerError/wire(_:)`` for a request that has to wait for the run's answer.
    mutating func wait(until moment: Deadline) throws(WorkerError) -> Event {
        guard let request = try read(until: moment) else { return .timer }
        switch request {
        case .evaluate, .inspect:
            throw .wire(.unknownTag(request.frame.kind.rawValue, in: "run"))
        case .saveNow, .taken: try attend(to: request)
        }
        return .frame
    }
}

extension SavedSnapshot {
    fileprivate init(_ runNumber: UInt32, _ slot: Int, _ report: SnapshotReport) {
        self.init(runNumber: runNumber, slot: UInt8(slot), report: report)
    }
}

extension EvaluateRequest {
    /// The script's file name in stacks: `run_js`, with the number of the run where the heap
    /// remembers several.
    fileprivate var scriptName: String {
        state == .stateless ? "run_js" : "run_js#\(runNumber)"
    }
}
