import V8
import WorkerProtocol

/// Answers the server's requests on one heap.
struct HeapServer: ~Copyable {
    private let baseHeap: Snapshot
    private let exchange: ExchangeMemory
    private let channel: Channel
    private let watchdog: Watchdog
    private let console: ConsoleRecorder
    /// The heap as the last request left it.
    private var live: Isolate?

    init(baseHeap: Snapshot, exchange: ExchangeMemory, channel: Channel, watchdog: Watchdog) {
        self.baseHeap = baseHeap
        self.exchange = exchange
        self.channel = channel
        self.watchdog = watchdog
        console = ConsoleRecorder(channel: channel)
    }

    /// Serves requests until the server is gone.
    mutating func run() throws(WorkerError) {
        while true {
            let frame = try channel.read()
            let request: Request
            do throws(WireError) { request = try Request(frame) } catch { throw .wire(error) }
            switch request {
            case .evaluate(let request): try serve(request)
            case .inspect(let request):
                let inspector = HeapInspector(
                    baseHeap: baseHeap, exchange: exchange, watchdog: watchdog)
                channel.write(.inspected(try inspector.answer(request)))
            }
        }
    }

    private mutating func serve(_ request: EvaluateRequest) throws(WorkerError) {
        let deadline = Deadline.after(milliseconds: request.timeoutMilliseconds)
        let isolate = try open(request.state)
        console.begin(byteCountMax: Int(request.outputByteCountMax))
        watchdog.arm(isolate.terminator, at: deadline)
        defer { watchdog.disarm() }
        let start = Deadline.now
        let outcome = isolate.evaluate(
            Isolate.Script(
                code: request.code, name: request.scriptName,
                outputByteCountMax: request.outputByteCountMax, deadline: deadline))
        console.finish()
        channel.write(
            .evaluated(
                Evaluation(
                    outcome: outcome, microseconds: Deadline.now.microseconds(since: start),
                    heapByteCount: isolate.heapByteCount)))
        if request.saving.covers(outcome) {
            try save(isolate)
        } else if request.state != .stateless {
            // After a limit the isolate is of no more use; the server knows and ends this process.
            live = consume isolate
        }
    }

    private mutating func open(_ state: EvaluateRequest.State) throws(WorkerError) -> Isolate {
        switch state {
        case .stateless: return try open(.stateless, baseHeap)
        case .newHeap: return try open(.heap, baseHeap)
        case .snapshot(let byteCount): return try open(.heap, exchange.snapshot(byteCount))
        case .live:
            guard let isolate = live.take() else { throw .wire(.unknownTag(3, in: "state")) }
            return isolate
        }
    }

    private func open(_ kind: Isolate.Kind, _ snapshot: Snapshot) throws(WorkerError) -> Isolate {
        let console = console
        guard let isolate = Isolate(kind, restoring: snapshot, print: { console.record($0) })
        else { throw .baseHeapFailed }
        return isolate
    }

    /// Serialises the heap, says so, and takes it up again from its own snapshot for the next
    /// request.
    private mutating func save(_ isolate: consuming Isolate) throws(WorkerError) {
        if let obstacle = isolate.prepareSerialization() {
            channel.write(.snapshot(.notSerializable(obstacle)))
            return
        }
        watchdog.disarm()
        let start = Deadline.now
        let snapshot = isolate.serialize()
        guard exchange.hold(snapshot) else {
            let limit = UInt64(exchange.byteCount)
            channel.write(
                .snapshot(.tooLarge(byteCount: UInt64(snapshot.byteCount), limit: limit)))
            return
        }
        let microseconds = Deadline.now.microseconds(since: start)
        let byteCount = UInt64(snapshot.byteCount)
        channel.write(.snapshot(.made(byteCount: byteCount, microseconds: microseconds)))
        live = try open(.heap, snapshot)
    }
}

extension EvaluateRequest {
    /// The script's file name in stacks: `run_js`, with the number of the run where the heap
    /// remembers several.
    fileprivate var scriptName: String {
        state == .stateless ? "run_js" : "run_js#\(runNumber)"
    }
}
