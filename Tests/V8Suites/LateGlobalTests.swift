import Testing
import V8
import WorkerProtocol

extension EngineTests {
    @Suite("Globals whose scripts are loaded at their first use")
    struct LateGlobalTests {
        @Test("look like data properties, before and after")
        func descriptor() throws {
            let code = """
                const parts = () => {
                    const d = Object.getOwnPropertyDescriptor(globalThis, 'Blob');
                    return [typeof d.value, d.writable, d.enumerable, d.configurable, 'get' in d];
                };
                [...parts(), ...parts(), Object.keys(globalThis).includes('btoa')].join()
                """
            let expected = "function,true,false,true,false"
            #expect(
                try runStateless(code).outcome.value?.text == "\(expected),\(expected),true")
        }

        @Test("can be deleted, replaced and declared before anything has read them")
        func replaced() throws {
            let code = """
                delete globalThis.Blob; globalThis.Headers = 1; var File = 2; let FormData = 3;
                [typeof Blob, Headers, File, FormData].join()
                """
            #expect(try runStateless(code).outcome.value?.text == "undefined,1,2,3")
        }

        @Test("are there in a heap that never read them, generations later")
        func untouched() throws {
            var heap = TestHeap()
            try heap.pass(generations: 3)
            #expect(try heap.text("await new Blob(['a', 'b']).text()") == "ab")
        }

        @Test("keep what was made of them through snapshots")
        func kept() throws {
            var heap = TestHeap()
            _ = try heap.text(
                """
                const file = new File(['abc'], 'n', { type: 'a/b', lastModified: 5 });
                const form = new FormData(); form.append('f', file);
                const headers = new Headers({ A: 'b' });
                const pipe = new TransformStream({ transform(x, c) { c.enqueue(x * 2) } });
                const writer = pipe.writable.getWriter(); writer.write(1);
                const reader = pipe.readable.getReader();
                const decoder = new TextDecoder('koi8-r'); 0
                """)
            try heap.pass(generations: 3)
            let code = """
                writer.write(2);
                [await form.get('f').text(), file.name, headers.get('a'),
                 (await reader.read()).value, (await reader.read()).value,
                 decoder.decode(new Uint8Array([0xc1])), structuredClone(file).lastModified].join()
                """
            #expect(try heap.text(code) == "abc,n,b,2,4,а,5")
        }

        @Test("work where a script has broken the language's own prototypes first")
        func sabotaged() throws {
            let code = """
                const boom = () => { throw 'sabotage' };
                const { defineProperty, ownKeys } = Reflect;
                const types = [Array, String, Map, Set, Function, Number, RegExp, Uint8Array,
                               WeakMap, Object.getPrototypeOf(Uint8Array)];
                const found = types.map(type => ownKeys(type.prototype));
                for (let i = 0; i < types.length; i++) {
                    for (let k = 0; k < found[i].length; k++) {
                        if (found[i][k] === 'constructor') continue;
                        const trap = { __proto__: null, get: boom, set: boom };
                        defineProperty(types[i].prototype, found[i][k], trap);
                    }
                }
                const bytes = new TextEncoder().encode('abc');
                const form = new FormData(); form.append('k', new Blob());
                const headers = new Headers(); headers.append('A', 'b');
                const pipe = new TransformStream(); pipe.writable.getWriter().write(7);
                console.log(new URL('http://h/?a=1#é').href, form.get('k').name, headers.get('a'),
                    (await pipe.readable.getReader().read()).value,
                    (await crypto.subtle.digest('SHA-256', bytes)).byteLength,
                    await new Blob().text());
                """
            let run = try runStateless(code)
            #expect(run.console.map(\.text) == ["http://h/?a=1#%C3%A9 blob b 7 32 "])
        }

        @Test("do not make the base heap larger than 800 kB")
        func size() {
            #expect(TestEngine.baseHeap.byteCount < 800_000)
        }
    }

    @Suite("What errors say of where a script went wrong")
    struct PlaceTests {
        @Test("is what to do instead of import()")
        func dynamicImport() throws {
            let error = try #require(runStateless("await import('fs')").outcome.error)
            #expect(error.name == "TypeError")
            #expect(error.message.contains("import('fs'): there are no modules here"))
        }

        @Test(
            "has line and column where code does not parse",
            arguments: [
                ("import fs from 'fs'", 1, 1), ("1;\nreturn 2", 2, 1), ("1;\n  export {}", 2, 3),
                ("let a = ;", 1, 9),
            ])
        func syntax(_ code: String, _ line: UInt32, _ column: UInt32) throws {
            let error = try #require(runStateless(code).outcome.error)
            #expect(error.place == ScriptPlace(script: "run_js", line: line, column: column))
        }

        @Test("names where a script waits for ever, in functions too")
        func places() throws {
            let code = """
                async function wait() {
                    await new Promise(() => {});
                }
                await wait();
                """
            let outcome = try runStateless(code).outcome
            #expect(outcome == .unsettled(places: "run_js:2:5, run_js:4:1"))
        }
    }

    @Suite("Native parts of the library")
    struct NativeLibraryTests {
        /// FIPS 180-4's own examples, and lengths at which padding takes another block.
        @Test(
            "digests as the standard does",
            arguments: [
                ("SHA-1", "'abc'", "a9993e364706816aba3e25717850c26c9cd0d89d"),
                (
                    "SHA-256", "'abc'",
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
                ),
                (
                    "SHA-256", "''",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                ),
                (
                    "SHA-256", "'x'.repeat(119)",
                    "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"
                ),
                (
                    "SHA-384", "'abc'",
                    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                        + "8086072ba1e7cc2358baeca134c825a7"
                ),
                (
                    "sha-512", "'abc'",
                    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
                ),
            ])
        func digest(_ algorithm: String, _ text: String, _ hex: String) throws {
            let code = """
                const bytes = new TextEncoder().encode(\(text));
                new Uint8Array(await crypto.subtle.digest('\(algorithm)', bytes)).toHex()
                """
            #expect(try runStateless(code).outcome.value?.text == hex)
        }

        @Test("survives shared memory of no pages")
        func sharedMemory() throws {
            let code = """
                new WebAssembly.Memory({ shared: true, initial: 0, maximum: 0 }).buffer.byteLength
                """
            #expect(try runStateless(code).outcome.value?.text == "0")
        }
    }
}
