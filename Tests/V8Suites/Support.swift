import Foundation
import Testing
import V8
import WorkerProtocol

/// V8 as the tests of this process share it: it can be started once.
enum TestEngine {
    static let heapByteCountMax: UInt64 = 128 << 20

    /// The snapshot that every heap starts from.
    static let baseHeap: Snapshot = {
        if let problem = Engine.prepare() { preconditionFailure(problem) }
        let problem = Engine.start(Engine.Options(heapByteCountMax: heapByteCountMax, mode: .jit))
        if let problem { preconditionFailure(problem) }
        guard let snapshot = Engine.makeBaseHeap() else {
            preconditionFailure("The base heap's own scripts fail; standard error tells which")
        }
        let findings = Engine.tryOut(snapshot, mode: .jit)
        precondition(findings.isEmpty, "V8 is not as it should be: \(findings)")
        return snapshot
    }()
}

/// A heap that is carried from snapshot to snapshot.
struct TestHeap {
    private(set) var snapshot = TestEngine.baseHeap
    private(set) var console: [ConsoleLine] = []
    private(set) var runCount = 0

    /// Runs code on the heap, and serialises it if the code gives a value.
    mutating func run(_ code: String) throws -> ScriptOutcome {
        runCount += 1
        let recorder = Recorder()
        let isolate = try open(.heap, snapshot) { recorder.lines.append($0) }
        let outcome = isolate.evaluate(script(code, name: "run_js#\(runCount)"))
        console = recorder.lines
        guard case .value = outcome else { return outcome }
        let obstacle = isolate.prepareSerialization()
        #expect(obstacle == nil)
        snapshot = isolate.serialize()
        return outcome
    }

    /// Runs code that is expected to give a value, and returns how a console shows it.
    mutating func text(_ code: String) throws -> String {
        try #require(run(code).value).text
    }

    /// Serialises and restores the heap without running anything.
    mutating func pass(generations: Int) throws {
        for _ in 0..<generations {
            let isolate = try open(.heap, snapshot)
            #expect(isolate.prepareSerialization() == nil)
            snapshot = isolate.serialize()
        }
    }
}

/// Why a test cannot go on.
enum TestFailure: Error {
    case noIsolate
}

/// Opens an isolate or ends the test.
func open(
    _ kind: Isolate.Kind, _ snapshot: Snapshot = TestEngine.baseHeap,
    print: @escaping (ConsoleLine) -> Void = { _ in }
) throws -> Isolate {
    guard let isolate = Isolate(kind, restoring: snapshot, print: print) else {
        throw TestFailure.noIsolate
    }
    return isolate
}

final class Recorder {
    var lines: [ConsoleLine] = []
}

/// Waits for time, of which nothing else can make an end.
private struct TimeWaiter: Waiter {
    var now: Deadline { .now }

    mutating func wait(until moment: Deadline) -> Event {
        while moment > .now { usleep(useconds_t(clamping: moment.nanosecondsLeft / 1000 + 1)) }
        return .timer
    }
}

extension Isolate {
    /// Runs a script that nobody speaks to.
    func evaluate(_ script: Script) -> ScriptOutcome {
        var waiter = TimeWaiter()
        return evaluate(script, waiter: &waiter)
    }
}

func script(_ code: String, name: String = "run_js") -> Isolate.Script {
    Isolate.Script(code: code, name: name, outputByteCountMax: 65_536, deadline: .never)
}

/// Runs code in a clean isolate.
func runStateless(_ code: String) throws -> (outcome: ScriptOutcome, console: [ConsoleLine]) {
    let recorder = Recorder()
    let isolate = try open(.stateless) { recorder.lines.append($0) }
    return (isolate.evaluate(script(code)), recorder.lines)
}

extension ScriptOutcome {
    var value: ScriptValue? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    var error: ScriptError? {
        guard case .exception(let error) = self else { return nil }
        return error
    }
}

extension ScriptValue {
    var jsonText: String? { json.map { String(decoding: $0, as: UTF8.self) } }
}

/// Reads a file of JSON lines from `Fixtures/`.
func fixtures<Case: Decodable>(_ name: String, as _: Case.Type = Case.self) -> [Case] {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/\(name).jsonl")
    guard let content = try? Data(contentsOf: url) else { return [] }
    return content.split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONDecoder().decode(Case.self, from: $0)
    }
}
