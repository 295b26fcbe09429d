import Testing
import WorkerProtocol

@testable import Execution
@testable import Heaps

extension UnwrittenModel {
    var headNumber: UInt32 { head?.runNumber ?? 0 }
    var busy: UInt64? { workers.keys.sorted().first { workers[$0]?.script != nil } }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func makeWorker(holding content: [Int]) -> UInt64 {
        let id = UInt64(nextID())
        workers[id] = Worker(live: content)
        return id
    }

    mutating func kill(_ id: UInt64) {
        // What it said is on its way.
        guard let worker = workers[id] else { return }
        if warm == id { warm = nil }
        workers[id] = Worker(isAlive: false, said: worker.said, storing: worker.storing)
        if run?.worker == id, run?.reply == nil { run?.reply = .threw }
    }

    mutating func end(_ reply: Reply) {
        guard let id = busy, var worker = workers[id], let script = worker.script else { return }
        worker.script = nil
        if reply != .unchanged { worker.live.append(script.id) }
        if reply == .kept {
            worker.replaced = worker.kept
            worker.kept = Kept(number: script.number, content: worker.live)
        }
        workers[id] = worker
        if run?.id == script.id { run?.reply = reply }
    }

    mutating func write(of place: WritableKeyPath<Worker, Kept?>) {
        let isReplaced = place == \.replaced
        let id = workers.keys.sorted().first { id in
            let worker = workers[id]
            return worker?[keyPath: place] != nil && !(isReplaced && worker?.isAlive == true)
        }
        guard let id, let kept = workers[id]?[keyPath: place] else { return }
        workers[id]?[keyPath: place] = nil
        workers[id]?.said.append(kept)
    }

    mutating func fail() {
        guard let id = workers.keys.sorted().first(where: { workers[$0]?.kept != nil }),
            let kept = workers[id]?.kept
        else { return }
        workers[id]?.kept = nil
        workers[id]?.said.append(Kept(number: kept.number, content: nil))
    }

    mutating func read() {
        let id = workers.keys.sorted().first { id in
            workers[id].map { $0.isAlive && $0.script == nil && !$0.inbox.isEmpty } ?? false
        }
        if let id { read(id) }
    }

    mutating func read(_ id: UInt64) {
        guard var worker = workers[id], !worker.inbox.isEmpty else { return }
        switch worker.inbox.removeFirst() {
        case .saveNow(let number):
            if let replaced = worker.replaced, replaced.number >= number {
                worker.replaced = nil
                worker.said.append(replaced)
            } else if let kept = worker.kept, kept.number >= number {
                worker.replaced = nil
                worker.kept = nil
                worker.said.append(kept)
            }
        case .taken(let number):
            if let replaced = worker.replaced, replaced.number < number { worker.replaced = nil }
        }
        workers[id] = worker
    }

    mutating func die() {
        guard let id = workers.keys.sorted().last(where: { workers[$0]?.isAlive == true }) else {
            return
        }
        workers[id]?.isAlive = false
        workers[id]?.script = nil
        workers[id]?.inbox = []
        if warm == id { warm = nil }
        if run?.worker == id, run?.reply == nil { run?.reply = .threw }
    }

    /// Whether there is something to hear of a worker, be it its end.
    func isHeard(_ id: UInt64) -> Bool {
        guard let worker = workers[id] else { return false }
        guard let said = worker.said.first else {
            return !worker.isAlive && worker.kept == nil && worker.replaced == nil
        }
        var state = state
        if case .later = state.judge(said.number, by: id) { return false }
        return true
    }

    mutating func hear() {
        let id = workers.keys.sorted().first { workers[$0]?.storing == nil && isHeard($0) }
        guard let id else { return }
        guard let said = workers[id]?.said.first else {
            workers[id] = nil
            return act(state.lose("ended", of: id, at: now))
        }
        workers[id]?.said.removeFirst()
        switch state.judge(said.number, by: id) {
        case .later: Issue.record("it was decided")
        case .drop: workers[id]?.inbox.append(.taken(before: 0))
        case .store(let run, let head):
            guard let content = said.content else {
                return act(state.lose("failed", of: id, at: now))
            }
            // What nobody was answered for is not stored, and nothing is left out.
            #expect(believed.starts(with: content))
            workers[id]?.inbox.append(.taken(before: said.number))
            workers[id]?.storing = (said, run, head)
        }
    }

    mutating func store() {
        guard let (id, storing) = takeStoring() else { return }
        guard storing.head == head else { return act(state.lose("conflict", of: id, at: now)) }
        stored = storing.kept.content ?? []
        let new = HeapHead.numbered(storing.run.runNumber)
        head = new
        act(
            state.noteStored(
                storing.kept.number, by: id, at: new, now: now, took: .milliseconds(1)))
    }

    mutating func refuse() {
        guard let (id, _) = takeStoring() else { return }
        act(state.lose("refused", of: id, at: now))
    }

    mutating func takeStoring() -> (
        UInt64, (kept: Kept, run: RunDescription, head: HeapHead?)
    )? {
        guard let id = workers.keys.sorted().first(where: { workers[$0]?.storing != nil }),
            let storing = workers[id]?.storing
        else { return nil }
        workers[id]?.storing = nil
        return (id, storing)
    }
}

extension HeapHead {
    static func numbered(_ number: UInt32) -> HeapHead {
        guard let name = try? HeapName("h"),
            let version = try? HeapVersion(String(repeating: "0", count: 64))
        else { preconditionFailure("These are a name and a version.") }
        return HeapHead(
            name: name, version: version, runNumber: number, snapshotByteCount: 1,
            updated: WallTime(millisecondsSince1970: 0), generation: 1, incidentCount: 0,
            nonce: UInt64(number), tag: StorageTag("\(number)"))
    }
}

extension RunDescription {
    static func numbered(_ number: UInt32) -> RunDescription {
        RunDescription(
            engine: FakeSource.engine, durationMicroseconds: 1, heapByteCount: 1,
            runNumber: number, code: "")
    }
}
