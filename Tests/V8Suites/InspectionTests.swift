import Foundation
import Testing
import V8
import WorkerProtocol

@Suite("Looking into heaps", .serialized)
struct InspectionTests {
    /// What a heap without variables has on its global object.
    private func baseGlobals() throws -> String {
        try open(.heap).listGlobals()
    }

    private func look(
        _ snapshot: Snapshot, _ question: InspectRequest.Question, seconds: Double = 0
    ) throws -> [String: Any] {
        let globals = try baseGlobals()
        let isolate = try open(.heap, snapshot)
        let json = isolate.inspect(
            question, byteCountMax: 65_536, hiding: globals, profilerSeconds: seconds)
        let object = try JSONSerialization.jsonObject(with: Data(json ?? []))
        return try #require(object as? [String: Any])
    }

    private func variables(
        _ heap: TestHeap, _ question: InspectRequest.Question, seconds: Double = 0
    ) throws -> [String: [String: Any]] {
        let found = try look(heap.snapshot, question, seconds: seconds)
        let list = try #require(found["variables"] as? [[String: Any]])
        return Dictionary(uniqueKeysWithValues: list.map { ($0["name"] as? String ?? "", $0) })
    }

    @Test("finds nothing in the base heap")
    func empty() throws {
        let found = try look(
            TestEngine.baseHeap, .variables(depth: 0, countMax: 100), seconds: 10)
        #expect((found["variables"] as? [Any])?.isEmpty == true)
        #expect(found["total"] as? Int == 0)
    }

    @Test("finds what every kind of declaration left")
    func kinds() throws {
        var heap = TestHeap()
        _ = try heap.run(
            "let a = 1; const b = 2; class C {} function d() {} var e = 5; f = 6; undefined")
        let kinds = try variables(heap, .variables(depth: 0, countMax: 100))
            .mapValues { $0["kind"] as? String }
        #expect(
            kinds == [
                "a": "let", "b": "const", "C": "class", "d": "function", "e": "var", "f": "global",
            ])
    }

    @Test("has a digest that changes with what a variable holds, and only then")
    func digests() throws {
        var heap = TestHeap()
        _ = try heap.run("let same = { a: [1, { b: new Map([[1, 'x']]) }] }, other = [1]; 0")
        let before = try variables(heap, .digests).mapValues { $0["digest"] as? String }
        _ = try heap.run("other[0] = 2; 0")
        let after = try variables(heap, .digests).mapValues { $0["digest"] as? String }
        #expect(before["same"] == after["same"])
        #expect(before["other"] != after["other"])
        _ = try heap.run("[...same.a[1].b.values()]; same.a[1].b.set(1, 'y'); 0")
        let last = try variables(heap, .digests).mapValues { $0["digest"] as? String }
        #expect(last["same"] != after["same"])
    }

    @Test(
        "finds the variables of a heap, whatever a script did to the global object",
        arguments: [
            "Object.freeze(globalThis)", "Object.seal(globalThis)",
            "Object.preventExtensions(globalThis)", "Object.setPrototypeOf(globalThis, null)",
            "Object.setPrototypeOf(globalThis,"
                + "    new Proxy({}, { get() { throw 1 }, has() { throw 2 } }))",
            "const all = globalThis;"
                + "for (const name of Object.getOwnPropertyNames(all)) delete all[name]",
            "const { defineProperty } = Object;"
                + "for (const name of Object.getOwnPropertyNames(globalThis)) try {"
                + "    const get = () => { throw name };"
                + "    defineProperty(globalThis, name, { get, configurable: false })"
                + "} catch {}",
            "globalThis.WebAssembly = 1; Object.freeze(Object.prototype);"
                + "Object.freeze(globalThis)",
        ])
    func altered(_ code: String) throws {
        var heap = TestHeap()
        #expect(try heap.text("let mine = 1; { \(code) } 0") == "0")
        #expect(try heap.text("++mine") == "2")
        let found = try variables(heap, .variables(depth: 1, countMax: 1000))
        #expect(found["mine"]?["preview"] as? String == "2")
    }

    @Test("stops when it is told to")
    func termination() throws {
        let isolate = try open(.stateless)
        isolate.terminator.terminate()
        let json = isolate.inspect(
            .digests, byteCountMax: 65_536, hiding: "", profilerSeconds: 1)
        #expect(json == nil)
    }

    // With V8's own way of naming elements the profiler is not done with so many texts in the time
    // that it gets here: it needs some fifty times as long as with ours.
    @Test("measures long arrays of texts in a time that grows with their length")
    func longArrays() throws {
        var heap = TestHeap()
        _ = try heap.run("let long = []; for (let i = 0; i < 400_000; i++) long[i] = 's' + i; 0")
        let found = try variables(heap, .variables(depth: 0, countMax: 10), seconds: 25)
        let size = try #require(found["long"]?["reachable_bytes"] as? Int)
        #expect(size > 400_000 * 8)
    }

    @Test("writes a profile piece by piece, until it is told to stop")
    func profile() throws {
        let isolate = try open(.stateless)
        var bytes = Data()
        let outcome = isolate.writeProfile(withinSeconds: 30) { piece in
            bytes.append(contentsOf: piece)
            return true
        }
        #expect(outcome == .written)
        let profile = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        #expect(profile?["nodes"] != nil)
        let refused = try open(.stateless).writeProfile(withinSeconds: 30) { _ in false }
        #expect(refused == .refused)
    }
}
