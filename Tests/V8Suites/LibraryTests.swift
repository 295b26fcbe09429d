import Foundation
import Testing
import V8
import WorkerProtocol

extension EngineTests {
    @Suite("The library of the language and of the web")
    struct LibraryTests {
        @Test("the fixtures are there")
        func present() {
            #expect(fixtures("library", as: InspectCase.self).count >= 1_000)
        }

        @Test(
            "does what the standards and Node do",
            arguments: fixtures("library", as: InspectCase.self))
        func example(_ example: InspectCase) throws {
            let run = try runStateless("\(preparation)\nconsole.log(await (\(example.code)\n))")
            #expect(run.console.map(\.text) == [example.text])
        }

        @Test("works whatever a script has done to the globals", arguments: sabotages)
        func sabotage(_ sabotage: String) throws {
            let run = try runStateless(
                """
                const { log } = console;
                const kept = [URL, TextEncoder, TextDecoder, EventTarget, Event, AbortController];
                const clone = structuredClone, base64 = btoa, { crypto: random } = globalThis;
                const union = Set.prototype.union, both = [new Set([1]), new Set([2])];
                const sorted = Array.prototype.toSorted;
                const [A, B, C, D, E, F] = kept; both[0].union = union;
                \(sabotage)
                const u = new A('../x?a=%20#é', 'https://u@exa\\u0301mple.org:81/a/b');
                u.searchParams.append('k', 'v w');
                const target = new D(); let count = 0;
                target.addEventListener('e', () => { count++; }); target.dispatchEvent(new E('e'));
                const controller = new F(); controller.abort();
                const copy = clone({ a: [1, { b: 2 }] });
                log(u.href, new C().decode(new B().encode('€')), count, controller.signal.aborted,
                    copy.a[1].b, base64('x'), random.randomUUID().length);
                """)
            let expected =
                "https://u@xn--exmple-qta.org:81/x?a=+&k=v+w#%C3%A9 € 1 true 2 eA== 36"
            #expect(run.console.map(\.text) == [expected])
        }

        private static let sabotages = [
            "",
            """
            { const names = Object.getOwnPropertyNames(globalThis), drop = Reflect.deleteProperty;
              const all = globalThis;
              for (let i = 0; i < names.length; i++) drop(all, names[i]); }
            """,
            """
            { const boom = () => { throw 'sabotage' };
              const { defineProperty, ownKeys } = Reflect;
              const types = [Array, String, Map, Set, Function, Number, RegExp, Uint8Array];
              const found = types.map(type => ownKeys(type.prototype));
              for (let i = 0; i < types.length; i++) {
                  for (let k = 0; k < found[i].length; k++) {
                      if (found[i][k] === 'constructor') continue;
                      const trap = { __proto__: null, get: boom, set: boom };
                      defineProperty(types[i].prototype, found[i][k], trap);
                  }
              } }
            """,
            """
            for (const key of ['get', 'set', 'value', 'writable', '0', '1']) {
                Object.defineProperty(Object.prototype, key, {
                    __proto__: null, get() { throw 'sabotage' }, set() { throw 'sabotage' },
                });
            }
            """,
        ]
    }

    @Suite("docs/reference/javascript.md")
    struct GlobalsDocumentTests {
        @Test("lists the globals of a heap and of a clean run, and no others")
        func globals() throws {
            let listed = documented(from: "## Globals", to: "## What is added")
            let names = "Object.getOwnPropertyNames(globalThis).join(' ')"
            let clean = try #require(runStateless(names).outcome.value).text
            var heap = TestHeap()
            let inHeap = try Set(heap.text(names).split(separator: " ").map(String.init))
            #expect(listed == Set(clean.split(separator: " ").map(String.init)))
            let only = documented(from: "Only in runs without a heap", to: "## What is added")
            #expect(listed.subtracting(only) == inHeap)
        }

        @Test("lists additions that are there")
        func additions() throws {
            let added = documented(from: "## What is added", to: "## What differs")
            #expect(added.count > 10)
            let code = """
                const TypedArray = Object.getPrototypeOf(Uint8Array);
                const has = (path) => {
                    const names = path.split('.'); const last = names.pop();
                    return last in names.reduce((object, name) => object[name], { TypedArray,
                        __proto__: globalThis });
                };
                '\(added.sorted().joined(separator: " "))'.split(' ').filter(x => !has(x)).join()
                """
            #expect(try runStateless(code).outcome.value?.text == "")
        }

        /// What stands between backticks in a part of the document.
        private func documented(from start: String, to end: String) -> Set<String> {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../docs/reference/javascript.md")
            guard let text = try? String(contentsOf: file, encoding: .utf8),
                let first = text.range(of: start), let last = text.range(of: end)
            else { return [] }
            let parts = text[first.upperBound..<last.lowerBound].split(
                separator: "`", omittingEmptySubsequences: false)
            return Set(stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) })
        }
    }

    @Suite("The library in a heap that goes through snapshots")
    struct LibrarySnapshotTests {
        @Test("keeps URLs and their parameters")
        func urls() throws {
            var heap = TestHeap()
            _ = try heap.text(
                "const u = new URL('http://h/?a=1'); const p = u.searchParams; p.append('b', 2)")
            try heap.pass(generations: 3)
            #expect(try heap.text("p.append('c', 3); u.href") == "http://h/?a=1&b=2&c=3")
            #expect(try heap.text("u.search = ''; p.size") == "0")
        }

        @Test("keeps listeners and signals")
        func events() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                const t = new EventTarget(), c = new AbortController(), seen = [];
                t.addEventListener('a', e => seen.push(e.type), { signal: c.signal });
                const any = AbortSignal.any([c.signal, AbortSignal.timeout(60_000)]);
                any.onabort = () => seen.push('any'); 0
                """)
            try heap.pass(generations: 3)
            _ = try heap.text("t.dispatchEvent(new Event('a'))")
            _ = try heap.text("c.abort('over'); t.dispatchEvent(new Event('a'))")
            #expect(try heap.text("seen.join() + any.reason") == "a,anyover")
        }

        @Test("keeps iterator helpers in their middle")
        func iterators() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                const i = [1, 2, 3].values().flatMap(x => [x, -x]).map(x => x * 2);
                const w = Iterator.from({ n: 0, next() { return { value: this.n++ } } }).take(3);
                i.next(); w.next(); 0
                """)
            try heap.pass(generations: 3)
            #expect(try heap.text("[...i, ...w].join()") == "-2,4,-4,6,-6,1,2")
        }

        @Test("keeps decoders with half a character, and exceptions")
        func decoders() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                const d = new TextDecoder(); const e = new DOMException('m', 'AbortError');
                d.decode(new Uint8Array([0xe2, 0x82]), { stream: true })
                """)
            try heap.pass(generations: 3)
            let text = try heap.text("d.decode(new Uint8Array([0xac])) + e.name + e.code")
            #expect(text == "€AbortError20")
        }

        @Test("keeps buffers that were transferred away")
        func detached() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                const from = Array.from({ length: 20 }, (_, i) => new Uint8Array(64).fill(i));
                const to = from.map(each => structuredClone(each, { transfer: [each.buffer] })); 0
                """)
            for _ in 0..<3 {
                _ = try heap.text("Array.from({ length: 1e5 }, (_, i) => ({ i })); 0")
            }
            #expect(try heap.text("from.every(x => x.length === 0) + ' ' + to[7][63]") == "true 7")
        }

        @Test("gives other random values in every restored isolate, and a clock that starts anew")
        func entropy() throws {
            var heap = TestHeap()
            _ = try heap.text("crypto.randomUUID()")
            let twin = heap
            var first = heap
            var second = twin
            #expect(try first.text("crypto.randomUUID()") != second.text("crypto.randomUUID()"))
            #expect(try first.text("performance.now() < 10_000") == "true")
        }

        @Test("does not wait for a signal's time-out once the run is over")
        func backgroundTimers() throws {
            let over = "AbortSignal.timeout(3e6).aborted"
            #expect(try runStateless(over).outcome.value?.text == "false")
            let waiting = "await new Promise(done => { AbortSignal.timeout(5).onabort = done }); 1"
            #expect(try runStateless(waiting).outcome.value?.text == "1")
        }

        @Test(
            "fails the run with what nothing catches",
            arguments: [
                """
                const t = new EventTarget();
                t.addEventListener('e', () => { throw new Error('x') });
                t.dispatchEvent(new Event('e')); 1
                """,
                "reportError(new Error('x')); 1",
                "AbortSignal.timeout(1).onabort = () => { throw new Error('x') };"
                    + " await new Promise(done => setTimeout(done, 20))",
            ])
        func uncaught(_ code: String) throws {
            let error = try #require(runStateless(code).outcome.error)
            #expect((error.name, error.message) == ("Error", "x"))
            #expect(!error.stack.contains("mcp-v8:"))
        }

        @Test("names a DOMException by its name and says where the script was")
        func exception() throws {
            let error = try #require(runStateless("let a;\nstructuredClone(() => 1)").outcome.error)
            #expect(error.name == "DataCloneError")
            #expect(error.message == "() => 1 could not be cloned.")
            #expect(error.stack.hasSuffix("could not be cloned.\n    at run_js:2:1"))
        }
    }
}

/// The functions that the cases of the fixture use.
private let preparation: String = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/library.js")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
}()
