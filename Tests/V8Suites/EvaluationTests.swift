import Testing
import V8
import WorkerProtocol

extension EngineTests {
    @Suite("Running a script")
    struct EvaluationTests {
        @Test(
            "gives the value of the last expression as JSON and as text",
            arguments: [
                ("1 + 1", "2", "2"),
                ("'a' + 'b'", "\"ab\"", "ab"),
                ("({a: [1, {b: null}]})", "{\"a\":[1,{\"b\":null}]}", "{ a: [ 1, { b: null } ] }"),
                ("await Promise.resolve(7)", "7", "7"),
                ("let q = 5; q", "5", "5"),
                ("if (true) { 'from a block' }", "\"from a block\"", "from a block"),
            ])
        func value(_ code: String, _ json: String, _ text: String) throws {
            let value = try #require(runStateless(code).outcome.value)
            #expect(value.jsonText == json)
            #expect(value.text == text)
        }

        @Test(
            "gives no JSON for what has none",
            arguments: [
                ("undefined", "undefined"), ("(() => 1)", "[Function (anonymous)]"),
                ("Symbol('s')", "Symbol(s)"), ("10n", "10n"), ("let x = 1", "undefined"),
                ("const c = {}; c.c = c; c", "<ref *1> { c: [Circular *1] }"),
            ])
        func noJSON(_ code: String, _ text: String) throws {
            let value = try #require(runStateless(code).outcome.value)
            #expect(value.json == nil)
            #expect(value.text == text)
        }

        @Test("tells where in the code an error was thrown")
        func errorPosition() throws {
            let error = try #require(
                runStateless("let a = 1;\n  null.x").outcome.error)
            #expect(error.kind == .exception)
            #expect(error.name == "TypeError")
            #expect(error.message == "Cannot read properties of null (reading 'x')")
            #expect(error.place == ScriptPlace(script: "run_js", line: 2, column: 8))
            #expect(error.stack.hasPrefix("TypeError: Cannot read"))
            #expect(error.stack.hasSuffix("at run_js:2:8"))
        }

        @Test("tells a script that does not parse from one that throws")
        func syntaxError() throws {
            let error = try #require(runStateless("1 +\nlet )").outcome.error)
            #expect(error.kind == .syntax)
            #expect(error.name == "SyntaxError")
            #expect(error.place == ScriptPlace(script: "run_js", line: 2, column: 5))
        }

        @Test("places the error of code that ends too soon at its end")
        func unexpectedEnd() throws {
            let error = try #require(runStateless("f(1,").outcome.error)
            #expect(error.kind == .syntax)
            #expect(error.place == ScriptPlace(script: "run_js", line: 1, column: 5))
        }

        @Test(
            "reports whatever was thrown",
            arguments: [
                ("throw 'text'", "string", "text"), ("throw null", "null", "null"),
                ("throw {a: 1}", "object", "{ a: 1 }"),
                ("Promise.reject(new RangeError('late'))", "RangeError", "late"),
                ("setTimeout(() => { throw new Error('timer') }, 1)", "Error", "timer"),
                ("await null; throw new Error('after')", "Error", "after"),
            ])
        func thrown(_ code: String, _ name: String, _ message: String) throws {
            let error = try #require(runStateless(code).outcome.error)
            #expect(error.kind == .exception)
            #expect(error.name == name)
            #expect(error.message == message)
        }

        @Test("lasts until no timer and no microtask is left")
        func timers() throws {
            let run = try runStateless(
                """
                setTimeout(() => {
                    console.log('later'); queueMicrotask(() => console.log('last'));
                }, 2);
                setTimeout(() => console.log('sooner'), 1);
                Promise.resolve().then(() => console.log('first')); 'value'
                """)
            #expect(run.outcome.value?.text == "value")
            #expect(run.console.map(\.text) == ["first", "sooner", "later", "last"])
        }

        @Test("ends at once where it awaits what nothing is left to settle")
        func unsettled() throws {
            let outcome = try runStateless("await new Promise(() => {})").outcome
            #expect(outcome == .unsettled(places: "run_js:1:1"))
        }

        @Test("stops waiting for a timer at the deadline")
        func deadline() throws {
            let isolate = try open(.stateless)
            var late = script("await new Promise(done => setTimeout(done, 3_600_000))")
            late.deadline = .now
            guard case .timeout(let pending?) = isolate.evaluate(late) else {
                Issue.record("It did not end with a time-out that says what it waited for")
                return
            }
            #expect(pending.contains("1 timer"))
        }

        @Test(
            "is over only when what describing its value began is over",
            arguments: [
                "({ toJSON() { later(); return 1 } })",
                "({ get a() { later(); return 1 } })",
                "({ async toJSON() { await null; later(); return 1 } })",
                "({ [Symbol.for('nodejs.util.inspect.custom')]() { later(); return 'x' } })",
                "({ get [Symbol.toStringTag]() { later(); return 'x' } })",
                "new Proxy({}, { ownKeys() { later(); return [] } })",
                "({ a: { toJSON() { return { toJSON() {}, get then() { later() } } } } })",
                "later(); 1",
            ])
        func describing(_ code: String) throws {
            let isolate = try open(.heap)
            let setup = """
                const seen = [];
                const later = () => Promise.resolve().then(() => setTimeout(() => {
                    seen.push('timer'); queueMicrotask(() => seen.push('last'));
                }, 2));
                """
            #expect(isolate.evaluate(script(setup)).value != nil)
            #expect(isolate.evaluate(script(code)).value != nil)
            #expect(isolate.prepareSerialization() == nil)
            // Whether a getter is called when its object is shown is another question.
            let seen = isolate.evaluate(script("const then = seen.join(); then")).value?.text
            #expect(seen == "" || seen == "timer,last" || seen == "timer,last,timer,last")
            let after = isolate.evaluate(script("seen.join() === then")).value?.text
            #expect(after == "true")
        }

        @Test("fails where what describing its value began fails")
        func describingFails() throws {
            let code = "({ async toJSON() { await null; throw new Error('described') } })"
            #expect(try runStateless(code).outcome.error?.message == "described")
            let timer = "({ toJSON() { setTimeout(() => { throw new Error('late') }) } })"
            #expect(try runStateless(timer).outcome.error?.message == "late")
        }

        @Test("has no microtask and no timer left where it fails")
        func failing() throws {
            let isolate = try open(.heap)
            let failing = """
                globalThis.seen = [];
                setTimeout(() => {
                    queueMicrotask(() => {
                        seen.push('microtask'); setTimeout(() => seen.push('no'));
                    });
                    throw new Error('fails');
                });
                """
            #expect(isolate.evaluate(script(failing)).error?.message == "fails")
            let code = "await new Promise(done => setTimeout(done, 5)); seen.join()"
            #expect(isolate.evaluate(script(code)).value?.text == "microtask")
        }

        @Test("says what it waits for where its timers never end")
        func interval() throws {
            let isolate = try open(.stateless)
            var endless = script("setInterval(() => {}, 3); 1")
            endless.deadline = .after(milliseconds: 20)
            guard case .timeout(let pending?) = isolate.evaluate(endless) else {
                Issue.record("It did not end with a time-out that says what it waited for")
                return
            }
            #expect(pending.hasPrefix("1 timer (next in "))
        }

        @Test("has no value where it was ended at its last moment")
        func endedLast() throws {
            let isolate = try open(.heap)
            let outcome = isolate.evaluate(script("1"))
            #expect(isolate.confirm(outcome) == outcome)
            isolate.terminator.terminate()
            #expect(isolate.confirm(outcome) == .timeout(pending: nil))
        }

        @Test("ends when another thread terminates it")
        func termination() throws {
            let isolate = try open(.stateless)
            isolate.terminator.terminate()
            let outcome = isolate.evaluate(script("for (;;);"))
            #expect(outcome == .timeout(pending: nil))
        }

        @Test("ends with an outcome when the heap is full")
        func outOfMemory() throws {
            let code = "const a = []; for (;;) a.push(new Array(1e5).fill(1.5))"
            #expect(try runStateless(code).outcome == .outOfMemory)
        }

        @Test("has WebAssembly in a clean isolate and not in a heap")
        func webAssembly() throws {
            #expect(try runStateless("typeof WebAssembly").outcome.value?.text == "object")
            var heap = TestHeap()
            #expect(try heap.text("typeof WebAssembly") == "undefined")
        }
    }
}

/// V8's tests run one after the other: an isolate belongs to the thread that opened it.
@Suite("V8", .serialized)
enum EngineTests {}
