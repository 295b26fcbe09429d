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

    /// Makes sure that the program with V8 in it is the one that this was built for, and leads the
    /// calls of some of its functions to ours. Call once, before anything else here, and before the
    /// program's code is copied.
    ///
    /// - Returns: Why it is another; nil if it is the one.
    package static func prepare() -> String? {
        unsafe cv8_prepare().map { unsafe String(cString: $0) }
    }

    /// Starts V8 without threads of its own. Call once, after ``prepare()``.
    ///
    /// - Returns: What V8 does not know that it is to; nil if it knows all.
    package static func start(_ options: Options) -> String? {
        let isJitless = options.mode == .jitless
        let problem = unsafe cv8_start(
            cv8_options(heap_byte_count_max: options.heapByteCountMax, jitless: isJitless))
        return unsafe problem.map { unsafe String(cString: $0) }
    }

    /// What the snapshots of this process are tied to.
    package static func identity(mode: EngineIdentity.Mode) -> EngineIdentity {
        let identity = unsafe cv8_engine_identity()
        return unsafe EngineIdentity(
            v8Version: String(cString: identity.v8_version),
            buildID: String(cString: identity.build_id),
            mode: mode,
            nativesVersion: identity.natives_version)
    }

    /// What an isolate's machine code may take, in bytes. All of it counts as writable memory from
    /// the isolate's start on, though little of it is ever used.
    package static func codeByteCountMax(_ mode: EngineIdentity.Mode) -> UInt64 {
        mode == .jit ? UInt64(cv8_code_byte_count_max) : 0
    }

    /// Where much of V8's code and of its constants lies in the program, in whole huge pages.
    package static var codeParts: [Range<UInt>] {
        var parts: [Range<UInt>] = []
        while true {
            let part = unsafe cv8_code_part(parts.count)
            guard let start = unsafe part.bytes else { return parts }
            let address = unsafe UInt(bitPattern: start)
            unsafe parts.append(address..<address + UInt(part.byte_count))
        }
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

    /// A script of our own, which nobody ends.
    static func trial(_ code: String) -> Isolate.Script {
        Isolate.Script(code: code, name: "trial", outputByteCountMax: 1024, deadline: .never)
    }
}

extension ScriptOutcome {
    /// Whether it is a value that is shown so.
    func isValue(_ text: String) -> Bool {
        guard case .value(let value) = self else { return false }
        return value.text == text
    }
}
