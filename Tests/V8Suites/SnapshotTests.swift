import Testing
import V8
import WorkerProtocol

extension EngineTests {
    @Suite("A heap that goes through snapshots")
    struct SnapshotTests {
        @Test("keeps let, const, class, functions and closures, and lets them be declared again")
        func lexicalState() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                let n = 1; const k = 10;
                class Counter { #count = 0; next() { return ++this.#count } }
                function read() { return n + k }
                const counter = new Counter(); counter.next();
                """)
            #expect(try heap.text("n++; read()") == "12")
            #expect(try heap.text("let n = 100; read()") == "110")
            #expect(try heap.text("counter.next()") == "2")
            #expect(try heap.text("function read() { return 'new' } read()") == "new")
        }

        @Test("is made in the place that it is given, if that is large enough")
        func place() throws {
            for (capacity, fits) in [(4 << 20, true), (300 << 10, false)] {
                let place = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: capacity, alignment: 4096)
                defer { place.deallocate() }
                let isolate = try open(.heap, TestEngine.baseHeap)
                guard case .value = isolate.evaluate(script("let n = 7")) else {
                    Issue.record("no value")
                    return
                }
                #expect(isolate.prepareSerialization() == nil)
                let snapshot = isolate.serialize(into: place)
                snapshot.withBytes { content in
                    #expect((content.baseAddress == UnsafeRawPointer(place.baseAddress)) == fits)
                }
                let restored = try open(.heap, snapshot)
                #expect(restored.evaluate(script("n")).value?.text == "7")
            }
        }

        @Test("keeps functions suspended in an await")
        func suspended() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                let open; const gate = new Promise(done => { open = done });
                const seen = []; (async () => { seen.push(await gate) })(); 0
                """)
            _ = try heap.text("open('through')")
            #expect(try heap.text("seen.join()") == "through")
        }

        @Test(
            "survives empty array buffers, however they are made",
            arguments: [
                "new ArrayBuffer(0)", "new ArrayBuffer(8).slice(0, 0)",
                "new Uint8Array(0).buffer", "new Uint8Array(0)", "Float64Array.from([])",
                "new DataView(new ArrayBuffer(0))", "new Uint8Array([1]).subarray(1).slice()",
            ])
        func emptyBuffers(_ expression: String) throws {
            var heap = TestHeap()
            _ = try heap.text(
                "globalThis.all = Array.from({length: 20}, () => \(expression)); 0")
            for _ in 0..<4 {
                // Garbage that fills what a dangling pointer would point to.
                _ = try heap.text("Array.from({length: 1e5}, (_, i) => ({i})); 0")
            }
            #expect(try heap.text("all.every(each => each.byteLength === 0)") == "true")
        }

        @Test("keeps the names of earlier runs in the stacks of their functions")
        func stackNames() throws {
            var heap = TestHeap()
            _ = try heap.text("function fails() {\n  throw new Error('here')\n}")
            let error = try #require(heap.run("fails()").error)
            #expect(error.stack.contains("at fails (run_js#1:2:9)"))
            #expect(error.stack.contains("at run_js#2:1:1"))
            #expect(
                error.place
                    == ScriptPlace(
                        script: "run_js#1", line: 2, column: 9,
                        source: "  throw new Error('here')"))
        }

        @Test("goes through a snapshot as small after hot code as before")
        func hotCode() throws {
            var heap = TestHeap()
            _ = try heap.text(
                "const all = []; for (let i = 0; i < 1e5; i++) all.push({ id: i, s: 's' + i }); 0")
            let byteCount = heap.snapshot.byteCount
            _ = try heap.text(
                """
                function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
                const sum = (o) => o.id * 2; let total = 0;
                for (let i = 0; i < 10; i++) for (const each of all) total += sum(each);
                fib(27)
                """)
            #expect(heap.snapshot.byteCount < byteCount + byteCount / 20)
            #expect(try heap.text("fib(20) + ' ' + total") == "6765 99999000000")
        }

        @Test(
            "has no machine code, which would be full of this process's addresses",
            arguments: [
                "const r = /a+b/; check = () => r.test('aab') && r.test('aab')",
                "const r = /(a)+b/gy; check = () => (r.lastIndex = 0, r.test('aab'))",
                "const r = /[а-я]+./u; check = () => r.test('хаб') && r.test('хабж')",
                "check = () => 'aab ж'.replace(/a+/, '') + 'aab'.replace(/a+/g, m => m) !== ''",
                "class K { #r = /k+/i; is(t) { return this.#r.test(t) } } const k = new K;"
                    + "check = () => k.is('KK')",
                "const half = 'a1b2c3'.repeat(9).matchAll(/([a-z])\\d/g); half.next(); half.next();"
                    + "check = () => typeof half.next === 'function' && !!'a1'.match(/[a-z]\\d/)",
                "check = () => { const f = n => n + 1; let s = 0;"
                    + "for (let i = 0; i < 100; i++) s = f(s); return s === 100 }",
                "check = () => { let s = 0; for (let i = 0; i < 1e5; i++) s += i & 1; return !!s }",
            ])
        func noMachineCode(_ code: String) throws {
            let hot = "let all = true; for (let i = 0; i < 1000; i++) all &&= check(); all"
            var heap = TestHeap()
            _ = try heap.text("let check; \(code); 0")
            for _ in 0..<3 {
                #expect(try heap.text(hot) == "true")
                #expect(try heap.text("check() && check()") == "true")
                let clean = try open(.heap, TestEngine.baseHeap).codeByteCount
                #expect(try open(.heap, heap.snapshot).codeByteCount == clean)
            }
        }

        @Test("computes a long loop about as fast as a run without a heap, before and after")
        func longLoop() throws {
            // Where V8 does not replace the code of a running loop, this takes 100 times as long.
            let loop = """
                let began = performance.now(), odd = 0;
                for (let i = 0; i < 3e6; i++) odd += i & 1;
                [odd, performance.now() - began].join()
                """
            func milliseconds(_ text: String) throws -> Double {
                let parts = text.split(separator: ",")
                #expect(parts.first == "1500000")
                return try #require(parts.last.flatMap { Double($0) })
            }
            let without = try milliseconds(#require(runStateless(loop).outcome.value).text)
            var heap = TestHeap()
            let first = try milliseconds(heap.text(loop))
            let restored = try milliseconds(heap.text(loop))
            #expect(min(first, restored) < 10 * without)
        }

        @Test("gives other random numbers in every restored isolate")
        func randomNumbers() throws {
            var heap = TestHeap()
            _ = try heap.text("Math.random()")
            let twin = heap
            var first = heap
            var second = twin
            #expect(try first.text("Math.random()") != second.text("Math.random()"))
        }

        @Test("is opened beside isolates on the base heap, whose read-only objects it has")
        func neighbours() throws {
            let neighbour = try open(.stateless)
            var heap = TestHeap()
            _ = try heap.text("globalThis.kept = [new Intl.Segmenter('en'), Symbol('s')]; 0")
            #expect(heap.snapshot.readOnlyObjects == TestEngine.baseHeap.readOnlyObjects)
            #expect(
                try heap.text("[...kept[0].segment('ab')].length + String(kept[1])") == "2Symbol(s)"
            )
            #expect(
                neighbour.evaluate(script("[...new Intl.Segmenter().segment('a')].length")).value?
                    .text == "1")
        }

        @Test("has no checksums, which V8 would take long for: its function is replaced by ours")
        func checksum() {
            let bytes = unsafe TestEngine.baseHeap.withBytes { unsafe Array($0.prefix(16)) }
            #expect(bytes.suffix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
            #expect(bytes.prefix(4) == [1, 0, 0, 0])
        }

        @Test("does not fit where read-only objects or V8 are others, or cannot be told")
        func strangers() throws {
            let base = TestEngine.baseHeap
            let bytes = unsafe base.withBytes { unsafe Array($0) }
            let objects = base.readOnlyObjects
            func fits(_ bytes: [UInt8]) -> Bool {
                let found = unsafe bytes.withUnsafeBytes {
                    unsafe Snapshot(borrowing: $0).readOnlyObjects
                }
                return !found.isEmpty && found == objects
            }
            #expect(fits(bytes))
            let start = (80..<84).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
            for offset in [16, 80, start, start + 1000] {
                var altered = bytes
                altered[offset] ^= 1
                #expect(!fits(altered), "altered at \(offset)")
            }
            #expect(!fits(Array(bytes.prefix(start + 1000))))
            #expect(!fits(Array(bytes.prefix(20))))
            #expect(!fits([]))
        }

        @Test("keeps a heap of many objects")
        func manyObjects() throws {
            var heap = TestHeap()
            _ = try heap.text(
                "const all = []; for (let i = 0; i < 1e5; i++) all.push({ id: i, s: 's' + i }); 0")
            try heap.pass(generations: 2)
            #expect(try heap.text("all.length + all[99999].s") == "100000s99999")
        }
    }
}
