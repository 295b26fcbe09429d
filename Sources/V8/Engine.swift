internal import CV8
package import WorkerProtocol

/// V8 in this process.
package enum Engine {
    /// How V8 is started.
    package struct Options: Hashable, Sendable {
        /// Where V8's garbage-collected heap ends, in bytes; array buffers are not in it.
        package var heapByteCountMax: UInt64
        /// Whether V8 may make machine code.
        package var mode: EngineIdentity.Mode

        /// Makes options.
        package init(heapByteCountMax: UInt64, mode: EngineIdentity.Mode) {
            self.heapByteCountMax = heapByteCountMax
            self.mode = mode
        }
    }

    /// Starts V8 without threads of its own. Call once, before anything else here.
    ///
    /// - Returns: Why this is not the engine that this program was built for; nil if it is.
    package static func start(_ options: Options) -> String? {
        let isJitless = options.mode == .jitless
        let problem = unsafe cv8_start(
            cv8_options(heap_byte_count_max: options.heapByteCountMax, jitless: isJitless))
        return unsafe problem.map { unsafe String(cString: $0) }
    }

    /// What the snapshots of this process are tied to.
    package static func identity(mode: EngineIdentity.Mode) -> EngineIdentity {
        var digits = [CChar](repeating: 0, count: 129)
        let digitCount = unsafe cv8_build_id(&digits, digits.count)
        let buildID = digits[..<digitCount].map { Character(Unicode.Scalar(UInt8($0))) }
        return EngineIdentity(
            v8Version: unsafe String(cString: cv8_version()),
            buildID: String(buildID),
            mode: mode,
            nativesVersion: cv8_natives_version())
    }

    /// Makes the snapshot that every new heap starts from. Its text goes to standard error if that
    /// fails.
    package static func makeBaseHeap() -> Snapshot? {
        guard let isolate = unsafe cv8_isolate_open_base() else { return nil }
        return unsafe Snapshot(adopting: cv8_isolate_serialize(isolate, nil, 0))
    }

    /// Has V8 and ICU load what they load at first use, and proves that a base heap can be
    /// restored.
    package static func warmUp(_ baseHeap: Snapshot) -> Bool {
        guard let isolate = Isolate(.stateless, restoring: baseHeap, print: { _ in }) else {
            return false
        }
        let code = """
            new Date(2024, 1, 1).toString();
            new Date().toLocaleString('en-US', { timeZone: 'Asia/Tokyo' });
            (1).toLocaleString('de') + 'a'.localeCompare('b', 'sv');
            """
        guard case .value = isolate.evaluate(trial(code)) else { return false }
        return true
    }

    /// Says that this process has the isolates that its forks are to share: memory that ended ones
    /// have left for the next is given back to the system.
    package static func beginForking() { cv8_begin_forking() }

    /// Whether V8 has a time zone of this name, and takes it for its own.
    package static func knowsTimeZone(_ name: String, _ baseHeap: Snapshot) -> Bool {
        guard let isolate = Isolate(.stateless, restoring: baseHeap, print: { _ in }) else {
            return false
        }
        // The name in code: letters, digits and a few signs, see `--time-zone`.
        let code = """
            const zone = (options) => new Intl.DateTimeFormat('en', options).resolvedOptions();
            zone().timeZone === zone({ timeZone: '\(name)' }).timeZone
            """
        return isolate.evaluate(trial(code)).isValue("true")
    }

    /// Lets V8 optimise what runs often in heaps, if a trial shows that this V8 does it, and that
    /// such a heap goes through a snapshot unharmed.
    ///
    /// - Returns: Whether it does; without, computing in heaps is several times slower.
    package static func startOptimizer(_ baseHeap: Snapshot) -> Bool {
        cv8_allow_optimizer(true)
        guard optimizerIsSound(baseHeap) else {
            cv8_allow_optimizer(false)
            return false
        }
        return true
    }

    private static func optimizerIsSound(_ baseHeap: Snapshot) -> Bool {
        // A function that is called often, one loop that runs for long, and a regular expression
        // that is made machine code of.
        let hot = """
            function sum(n) { return n < 2 ? n : sum(n - 1) + sum(n - 2) }
            for (var turns = 0, seen = 0; turns < 1e5; turns++) seen += turns & 1;
            const expression = /a+(b|c)/g, matches = (text) => text.match(expression).length;
            matches('abaac') + matches('aab \u{416}') === 3 && seen === 5e4 && sum(21)
            """
        guard let isolate = Isolate(.heap, restoring: baseHeap, print: { _ in }),
            isolate.evaluate(trial(hot)).isValue("10946"), cv8_optimizer_is_in_use(),
            isolate.prepareSerialization() == nil
        else { return false }
        let snapshot = isolate.serialize()
        // Code in the snapshot would take the whole heap with it a second time, or would be full of
        // this process's addresses.
        guard snapshot.byteCount < baseHeap.byteCount * 3 / 2,
            let clean = Isolate(.heap, restoring: baseHeap, print: { _ in }),
            let restored = Isolate(.heap, restoring: snapshot, print: { _ in }),
            restored.codeByteCount == clean.codeByteCount
        else { return false }
        return restored.evaluate(trial("sum(20) + matches('abaac')")).isValue("6767")
    }

    private static func trial(_ code: String) -> Isolate.Script {
        Isolate.Script(code: code, name: "trial", outputByteCountMax: 1024, deadline: .never)
    }
}

extension ScriptOutcome {
    fileprivate func isValue(_ text: String) -> Bool {
        guard case .value(let value) = self else { return false }
        return value.text == text
    }
}
