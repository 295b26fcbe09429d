internal import CV8
package import WorkerProtocol

extension Isolate {
    /// A script and what it may use.
    package struct Script: Hashable, Sendable {
        /// The source text.
        package var code: String
        /// Its file name in stacks.
        package var name: String
        /// The most bytes of each form of the result.
        package var outputByteCountMax: UInt32
        /// When waiting ends.
        package var deadline: Deadline

        /// Makes a script.
        package init(code: String, name: String, outputByteCountMax: UInt32, deadline: Deadline) {
            self.code = code
            self.name = name
            self.outputByteCountMax = outputByteCountMax
            self.deadline = deadline
        }
    }

    /// Runs a script until its top level, its promise and its timers are over, and so is what
    /// describing its value has begun: nothing of it runs later.
    ///
    /// Somebody else must end it at the deadline with ``terminator``; only waiting ends by itself.
    /// Once nobody will, ``confirm(_:)`` says what became of it.
    ///
    /// - Throws: why the waiter has nothing to wait for any more.
    package func evaluate<W: Waiter & ~Copyable>(
        _ script: Script, waiter: inout W
    ) throws(W.Failure) -> ScriptOutcome {
        let outcome: ScriptOutcome
        switch try turn(after: begin(script), until: script.deadline, waiter: &waiter) {
        case .over(.fulfilled): outcome = value(of: script)
        case .over(let progress): outcome = failure(progress, of: script)
        case .waiting(let waiting): return waiting
        }
        guard case .value = outcome else { return outcome }
        // The value's own code may have begun something more.
        return switch try turn(after: .waiting, until: script.deadline, waiter: &waiter) {
        case .over(.fulfilled): outcome
        case .over(let progress): failure(progress, of: script)
        case .waiting(let waiting): waiting
        }
    }

    /// As ``evaluate(_:waiter:)``, of code of ours that sets no timer.
    func evaluate(_ script: Script) -> ScriptOutcome {
        var waiter = NoWaiter()
        return evaluate(script, waiter: &waiter)
    }

    /// A run's outcome, once nobody ends it any more: it may have been ended at its last moment,
    /// and the isolate is of no more use then.
    package func confirm(_ outcome: ScriptOutcome) -> ScriptOutcome {
        switch outcome {
        case .timeout, .outOfMemory: outcome
        default: unsafe cv8_isolate_state(raw) == cv8_usable ? outcome : limit
        }
    }

    /// Has V8 compile what every run needs, by a run that leaves nothing behind.
    package func warmUp() {
        let code = "console.log('%s', [1, { a: 'b' }]); [1 + 1, { a: 'b' }]"
        // The last one makes machine code of what comes first in every run.
        for code in [code] + Array(repeating: "1", count: 10) {
            _ = evaluate(
                Script(code: code, name: "warm-up", outputByteCountMax: 1024, deadline: .never))
        }
    }

    private func begin(_ script: Script) -> Progress {
        var code = script.code
        return code.withUTF8 { utf8 in
            unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
                let bytes = unsafe cv8_bytes(
                    bytes: characters.baseAddress, byte_count: characters.count)
                return unsafe script.name.withCString {
                    unsafe Progress(cv8_isolate_begin(raw, bytes, $0))
                }
            }
        }
    }

    private func value(of script: Script) -> ScriptOutcome {
        var value = unsafe cv8_value()
        guard
            unsafe cv8_isolate_describe_value(
                raw, script.outputByteCountMax, UInt32(ScriptMedia.byteCountMax), &value)
        else { return limit }
        let json = unsafe value.has_json ? Array(String(value.json).utf8) : nil
        var result = ScriptValue(json: json, text: unsafe String(value.text))
        result.isCut = unsafe value.is_cut
        let type = unsafe String(value.media_type)
        if !type.isEmpty {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: value.media.bytes, count: value.media.byte_count)
            result.media = unsafe ScriptMedia(type: type, bytes: Array(bytes))
        }
        return .value(result)
    }

    private func failure(_ progress: Progress, of script: Script) -> ScriptOutcome {
        guard progress == .failed || progress == .failedToParse else { return limit }
        var error = unsafe cv8_error()
        guard unsafe cv8_isolate_describe_error(raw, &error) else { return limit }
        var place: ScriptPlace?
        if unsafe error.line > 0 {
            let name = unsafe String(error.script)
            place = unsafe ScriptPlace(
                script: name, line: error.line, column: error.column,
                source: name == script.name ? nil : String(error.source))
        }
        return .exception(
            ScriptError(
                kind: progress == .failedToParse ? .syntax : .exception,
                name: unsafe String(error.name),
                message: unsafe String(error.message),
                stack: unsafe String(error.stack),
                place: place))
    }

    /// Why the isolate was terminated.
    private var limit: ScriptOutcome {
        unsafe cv8_isolate_state(raw) == cv8_out_of_memory ? .outOfMemory : .timeout(pending: nil)
    }
}

extension Isolate: RunTasks {
    func drain() -> Progress { unsafe Progress(cv8_isolate_drain(raw)) }

    var nextTimerDelay: Double { unsafe cv8_isolate_next_timer_delay(raw) }

    func runTimer() -> Progress { unsafe Progress(cv8_isolate_run_timer(raw)) }

    var pendingAwaits: String { unsafe String(cv8_isolate_pending_awaits(raw)) }

    var pendingTimers: String { unsafe String(cv8_isolate_pending_timers(raw)) }
}

extension Progress {
    fileprivate init(_ progress: cv8_progress) {
        self =
            switch progress {
            case cv8_waiting: .waiting
            case cv8_fulfilled: .fulfilled
            case cv8_failed: .failed
            case cv8_failed_to_parse: .failedToParse
            default: .terminated
            }
    }
}

private struct NoWaiter: Waiter {
    var now: Deadline { .now }

    mutating func wait(until moment: Deadline) -> Event {
        preconditionFailure("Code of ours that sets no timer waits for one.")
    }
}
