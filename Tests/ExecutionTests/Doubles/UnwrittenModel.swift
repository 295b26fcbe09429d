import Testing
import WorkerProtocol

@testable import Execution
@testable import Heaps

/// A heap with durability `relaxed`, its workers, its storage and its clients, all played: each
/// step is something that may happen next. What must hold is checked on the way.
///
/// What a heap holds is the list of the runs that made it so.
struct UnwrittenModel {
    typealias State = UnwrittenState<Holder>

    struct Holder: Identifiable, Sendable { let id: UInt64 }

    enum Step: Hashable, CaseIterable {
        case runBegins, scriptEnds, scriptThrows, scriptDoesNotParse
        case serverAnswers, clientCancels
        case forkWrites, replacedForkWrites, forkFails, workerReads, workerDies
        case serverHears, storageStores, storageFails, serverGivesUp
        case clientAsks, clientGivesUp
    }

    /// How a script ended, once its worker has said so.
    enum Reply { case kept, threw, unchanged }

    struct Run {
        let id: Int
        let worker: UInt64
        let number: UInt32
        let head: HeapHead?
        /// Whether it goes on from what is not stored.
        let isHeld: Bool
        var reply: Reply?
    }

    struct Kept { let number: UInt32, content: [Int]? }

    enum Message { case saveNow(UInt32), taken(before: UInt32) }

    /// As ``SnapshotForks`` and what is around it.
    struct Worker {
        var live: [Int] = []
        var isAlive = true
        /// The run that its script is of; it goes on when nobody waits for it any more.
        var script: (id: Int, number: UInt32)?
        var replaced: Kept?
        var kept: Kept?
        var inbox: [Message] = []
        var said: [Kept] = []
        var storing: (kept: Kept, run: RunDescription, head: HeapHead?)?
    }

    var state = State.clean
    var workers: [UInt64: Worker] = [:]
    var warm: UInt64?
    var stored: [Int] = []
    var head: HeapHead?
    /// What those believe who were answered and were told of losses.
    var believed: [Int] = []
    var run: Run?
    var asking: [UInt64: [Int]] = [:]
    var lastID = 0
    var now = Duration.zero

    /// What may happen next.
    var steps: [Step] { Step.allCases.filter(isPossible) }

    private func isPossible(_ step: Step) -> Bool {
        switch step {
        case .runBegins: run == nil && !isLeaving
        case .scriptEnds, .scriptThrows, .scriptDoesNotParse: busy != nil
        case .serverAnswers: run?.reply != nil
        case .clientCancels: run != nil
        case .forkWrites, .forkFails: workers.values.contains { $0.kept != nil }
        case .replacedForkWrites: workers.values.contains { $0.replaced != nil && !$0.isAlive }
        case .workerReads:
            workers.values.contains { $0.isAlive && $0.script == nil && !$0.inbox.isEmpty }
        case .workerDies: workers.values.contains(where: \.isAlive)
        case .serverHears: workers.contains { $1.storing == nil && isHeard($0) }
        case .storageStores, .storageFails: workers.values.contains { $0.storing != nil }
        case .serverGivesUp: state.holding.map { !$0.isStoring && !$0.runs.isEmpty } ?? false
        case .clientAsks: asking.count < 2
        case .clientGivesUp: !asking.isEmpty
        }
    }

    mutating func take(_ step: Step) {
        now += .milliseconds(1)
        switch step {
        case .runBegins: begin()
        case .scriptEnds: end(.kept)
        case .scriptThrows: end(.threw)
        case .scriptDoesNotParse: end(.unchanged)
        case .serverAnswers: answer()
        case .clientCancels: cancel()
        case .forkWrites: write(of: \.kept)
        case .replacedForkWrites: write(of: \.replaced)
        case .forkFails: fail()
        case .workerReads: read()
        case .workerDies: die()
        case .serverHears: hear()
        case .storageStores: store()
        case .storageFails: refuse()
        case .serverGivesUp:
            if let worker = state.holding?.worker.id {
                act(state.lose("late", of: worker, at: now))
            }
        case .clientAsks: ask()
        case .clientGivesUp:
            if let id = asking.keys.min() {
                asking[id] = nil
                state.giveUp(id)
            }
        }
    }

    /// Lets everything come to its end, and checks that nothing is lost in silence.
    mutating func finish() {
        if run != nil, run?.reply == nil { take(.clientCancels) }
        let order: [Step] = [
            .serverAnswers, .storageStores, .serverHears, .workerReads, .forkWrites,
            .replacedForkWrites, .scriptEnds,
        ]
        ask()
        while let step = order.first(where: isPossible) { take(step) }
        #expect(asking.isEmpty)
        if case .lost(let loss) = state { tell(loss) }
        #expect(stored == believed)
        guard case .clean = state else {
            Issue.record("not clean")
            return
        }
    }
}

// MARK: - The server and its clients

extension UnwrittenModel {
    private var isLeaving: Bool { if case .leaving = state { true } else { false } }

    private mutating func begin() {
        switch state.begin() {
        case .later: Issue.record("it was not leaving")
        case .lost(let loss): tell(loss)
        case .storage:
            // Nobody goes on from an older state without being told.
            #expect(stored == believed)
            let id = warm ?? makeWorker(holding: stored)
            warm = nil
            start(Run(id: nextID(), worker: id, number: headNumber + 1, head: head, isHeld: false))
        case .worker(let holding):
            #expect(workers[holding.worker.id]?.live == believed)
            start(
                Run(
                    id: nextID(), worker: holding.worker.id, number: holding.runNumber + 1,
                    head: holding.head, isHeld: true))
        }
    }

    private mutating func start(_ run: Run) {
        self.run = run
        guard workers[run.worker]?.isAlive == true else {
            self.run?.reply = .threw
            return
        }
        // What it was told before comes first.
        while workers[run.worker]?.inbox.isEmpty == false { read(run.worker) }
        workers[run.worker]?.replaced = nil
        workers[run.worker]?.script = (run.id, run.number)
    }

    private mutating func answer() {
        guard let run, let reply = run.reply else { return }
        self.run = nil
        switch reply {
        case .kept:
            let loss = state.keep(
                .numbered(run.number), by: Holder(id: run.worker), replacing: run.head,
                delay: .milliseconds(500), at: now, savingDelay: .milliseconds(500))
            if let loss { return tell(loss) }
            believed.append(run.id)
        case .threw, .unchanged: endRun(run, reply == .unchanged ? .unchanged : .failed)
        }
    }

    private mutating func cancel() {
        guard let run else { return }
        self.run = nil
        endRun(run, .failed, isReported: false)
    }

    private mutating func endRun(_ run: Run, _ ending: State.Ending, isReported: Bool = true) {
        let (loss, actions) = state.end(ending)
        act(actions)
        if !run.isHeld { kill(run.worker) }
        if let loss, isReported { tell(loss) }
    }

    private mutating func ask() {
        let id = UInt64(nextID())
        let (waiting, actions) = state.wait(id)
        if case .waits = waiting { asking[id] = believed }
        act(actions)
        switch waiting {
        case .waits: break
        case .stored: #expect(stored == believed)
        case .lost(let loss): tell(loss)
        }
    }

    private mutating func tell(_ loss: UnwrittenLoss) {
        let count = believed.count
        #expect(stored == Array(believed.prefix(stored.count)))
        believed = stored
        // Several may be told of one loss.
        #expect(loss.runCount == count - believed.count || count == believed.count)
        state.noteTold(loss)
    }

    mutating func act(_ actions: [State.Action]) {
        for action in actions {
            switch action {
            case .saveNow(let worker, let number):
                workers[worker.id]?.inbox.append(.saveNow(number))
            case .keepWarm(let worker, let head):
                #expect(head == self.head)
                // The pool ends one that has died meanwhile.
                guard let kept = workers[worker.id], kept.isAlive else { continue }
                #expect(kept.live == stored)
                warm = worker.id
            case .retire(let worker): kill(worker.id)
            case .note: break
            case .wake(let ids, let loss):
                for id in ids {
                    let expected = asking.removeValue(forKey: id)
                    if let loss { tell(loss) } else { #expect(stored.starts(with: expected ?? [])) }
                }
            }
        }
    }
}
