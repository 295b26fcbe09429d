internal import CV8
package import WorkerProtocol

extension Engine {
    /// Something that V8's insides were relied on for, and that is not so.
    package enum Finding: Hashable, Sendable {
        /// Heaps would come to harm, or answers would be wrong.
        case broken(String)
        /// All works, slower than it could or with less to say.
        case weaker(String)
    }

    /// One thing that is tried in a heap, and again in the heap that was made of its snapshot.
    private struct Trial {
        let name: String
        /// What is run first, and its value as it is shown.
        let before: String, valueBefore: String
        let after: String, valueAfter: String

        init(
            _ name: String, _ before: String, _ valueBefore: String, _ after: String,
            _ valueAfter: String
        ) {
            self.name = name
            self.before = before
            self.valueBefore = valueBefore
            self.after = after
            self.valueAfter = valueAfter
        }
    }

    private static let trials = [
        Trial(
            "REPL mode", "let said = 1; let twice = await said", "undefined",
            "let said = 2; let twice = await said; twice", "2"),
        // A function that is called often, one loop that runs for long, and what was optimised for
        // constants: lists of dependent code refer to it.
        Trial(
            "optimiser",
            """
            function sum(n) { return n < 2 ? n : sum(n - 1) + sum(n - 2) }
            for (var turns = 0, seen = 0; turns < 1e5; turns++) seen += turns & 1;
            const point = { x: 1, get() { return this.x } }, weight = 2;
            const read = (p) => p.get() * weight;
            for (let turn = 0; turn < 1e4; turn++) read(point);
            seen === 5e4 && sum(21)
            """, "10946", "sum(20) + read(point)", "6767"),
        // Twice makes machine code of an expression; of each kind of string.
        Trial(
            "regular expressions",
            """
            const expression = /a+(b|c)/g, matches = (text) => text.match(expression).length;
            matches('abaac') + matches('abaac') + matches('aab \u{416}') + matches('aab \u{416}')
            """, "6", "matches('abaac') + matches('aab \u{416}')", "3"),
        Trial(
            "errors", "const unread = new RangeError('trial'); 0", "0",
            "unread.stack.startsWith('RangeError: trial')", "true"),
        Trial(
            "buffers",
            """
            const buffers = [new ArrayBuffer(0), new ArrayBuffer(4, { maxByteLength: 8 }),
                new ArrayBuffer(0, { maxByteLength: 8 }), new ArrayBuffer(8).slice(0, 0)];
            buffers.length
            """, "4",
            "buffers[1].resize(8); buffers[2].resize(2); buffers.map((b) => b.byteLength).join()",
            "0,8,2,0"),
        Trial(
            "newest globals",
            """
            let left = 0; const stack = new DisposableStack(); stack.defer(() => left++);
            { using _ = stack } const half = new Float16Array([1.5]); left
            """, "1",
            """
            { using other = { [Symbol.dispose]() { left++ } } }
            left + half[0] + [1].values().map((n) => n).next().value
            """, "4.5"),
    ]

    /// Tries everything that rests on what V8 does not promise, in a heap that goes through a
    /// snapshot. Lets V8 optimise in heaps, if that is not what fails.
    ///
    /// - Returns: What is not as it should be.
    package static func tryOut(_ baseHeap: Snapshot, mode: EngineIdentity.Mode) -> [Finding] {
        cv8_allow_optimizer(mode == .jit)
        guard let heap = Isolate(.heap, restoring: baseHeap, print: { _ in }) else {
            return [.broken("heaps")]
        }
        let clean = unsafe cv8_isolate_observe(heap.raw)
        var findings = trials.filter { !heap.evaluate(trial($0.before)).isValue($0.valueBefore) }
            .map { Finding.broken($0.name) }
        let isSlow = unsafe mode == .jit && !cv8_isolate_observe(heap.raw).optimizer_is_in_use
        if isSlow { findings.append(.weaker("optimiser")) }
        guard heap.prepareSerialization() == nil else { return findings + [.broken("snapshots")] }
        let snapshot = heap.serialize()
        guard let restored = Isolate(.heap, restoring: snapshot, print: { _ in }) else {
            return findings + [.broken("snapshots")]
        }
        let seen = unsafe cv8_isolate_observe(restored.raw)
        // Code in the snapshot would take the whole heap with it a second time, or would be full of
        // this process's addresses.
        let isClean = seen.code_byte_count == clean.code_byte_count
        if !isClean || snapshot.byteCount > baseHeap.byteCount * 3 / 2 {
            return findings + [.broken("machine code")]
        }
        if seen.left_out_collection_count == clean.left_out_collection_count {
            findings.append(.weaker("one collection"))
        }
        if seen.led_call_count == 0 { findings.append(.weaker("calls led elsewhere")) }
        findings += trials.filter { !restored.evaluate(trial($0.after)).isValue($0.valueAfter) }
            .map { Finding.broken($0.name) }
        return findings + looks(restored)
    }

    /// What is not seen of a heap from outside.
    private static func looks(_ heap: borrowing Isolate) -> [Finding] {
        var findings: [Finding] = []
        let names = heap.inspect(
            .variables(depth: 0, countMax: 100), byteCountMax: 1 << 16, hiding: "",
            profilerSeconds: 0)
        let text = String(decoding: names ?? [], as: UTF8.self)
        let isTold =
            text.contains(#""name":"unread","kind":"const""#)
            && text.contains(#""name":"left","kind":"let""#)
        if !isTold { findings.append(.broken("names")) }
        let drawn = [7, 7, 8].map { seed in heap.draw(seed: seed) }
        if drawn[0] == nil || drawn[0] != drawn[1] || drawn[1] == drawn[2] {
            findings.append(.broken("random numbers"))
        }
        let waiting = heap.evaluate(trial("0;\n await new Promise(() => {})"))
        if waiting != .unsettled(places: "trial:2:2") { findings.append(.weaker("pending awaits")) }
        return findings
    }
}

extension Isolate {
    /// The first random number after a seed, as it is shown.
    fileprivate borrowing func draw(seed: Int64) -> String? {
        unsafe cv8_isolate_seed(raw, seed)
        guard case .value(let value) = evaluate(Engine.trial("Math.random()")) else { return nil }
        return value.text
    }
}
