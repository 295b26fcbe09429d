internal import Execution
internal import Heaps
internal import MCP
internal import TypeScript
internal import WorkerProtocol

/// The tool `run_js`: code in, result out.
struct RunJavaScript: Sendable {
    private let service: ExecutionService
    private let settings: Settings
    private let deletedHeaps: DeletedHeaps
    private let onReport: @Sendable (ExecutionReport) -> Void
    private let stripper: TypeStripper?

    /// Makes the tool; `onReport` is called after each execution.
    init(
        service: ExecutionService, settings: Settings, deletedHeaps: DeletedHeaps,
        onReport: @escaping @Sendable (ExecutionReport) -> Void = { _ in }
    ) {
        self.service = service
        self.settings = settings
        self.deletedHeaps = deletedHeaps
        self.onReport = onReport
        stripper = settings.script.esbuildPath.map { TypeStripper(esbuildPath: $0) }
    }

    /// The tool as clients see it.
    var tool: Tool {
        let keepsHeaps = settings.storage != .stateless
        return Tool(
            name: "run_js",
            title: "Run JavaScript",
            description: keepsHeaps
                ? RunJavaScript.description : RunJavaScript.statelessDescription,
            parameters: keepsHeaps ? parameters + RunJavaScript.heapParameters : parameters,
            outputSchema: RunJavaScript.outputSchema,
            annotations: ToolAnnotations(
                effect: keepsHeaps ? .destroys : .readsOnly, repetition: .repeatsEffect,
                world: .closed),
            length: .long,
            call: { arguments, context in await run(arguments, context) })
    }

    private func run(_ arguments: JSONObject, _ context: ToolContext) async -> ToolResult {
        let request: ExecutionRequest
        do throws(HeapError) {
            request = try RunJavaScript.request(arguments)
        } catch {
            return ExecutionFailure(.invalid, "\(error)").toolResult
        }
        let language = ScriptLanguage(rawValue: arguments["language"]?.string ?? "") ?? .detected
        return await RunJavaScript.reportingTime(to: context) {
            await run(request, in: language, context)
                .toolResult(of: request.code, deletedHeaps)
        }
    }

    private func run(
        _ request: ExecutionRequest, in language: ScriptLanguage, _ context: ToolContext
    ) async -> ScriptRun {
        let start = ContinuousClock.now
        if language == .typeScript {
            return await strippedAndRun(request, since: start, context)
        }
        var report = await execute(request, context)
        guard language == .detected, report.mayBeTypeScript else {
            return .ran(report)
        }
        if stripper != nil {
            // Nothing ran. What is wrong as TypeScript too is wrong as JavaScript.
            let second = await strippedAndRun(request, since: start, context)
            if second.kind != .syntax { return second }
        } else if ScriptLanguage.looksLikeTypeScript(request.code) {
            report.addHint(ScriptLanguage.noStripperHint)
        }
        return .ran(report)
    }

    private func strippedAndRun(
        _ request: ExecutionRequest, since start: ContinuousClock.Instant, _ context: ToolContext
    ) async -> ScriptRun {
        guard let stripper else { return .notStripped(.noStripper) }
        var request = request
        let timeout = request.timeout ?? settings.limits.timeoutDefault
        do throws(ExecutionFailure) {
            request.code = try await service.preparing(within: timeout) {
                [code = request.code] () throws(ExecutionFailure) in
                do throws(TypeScriptError) {
                    return try await stripper.strip(code, timeout: timeout)
                } catch {
                    throw ExecutionFailure(error)
                }
            }
        } catch {
            return .notStripped(error)
        }
        // The deadline covers all of it.
        request.timeout = max(.milliseconds(1), timeout - (ContinuousClock.now - start))
        return .ran(await execute(request, context))
    }

    private func execute(
        _ request: ExecutionRequest, _ context: ToolContext
    ) async -> ExecutionReport {
        let report = await service.execute(request) { line in
            context.reportProgress(line.text)
            context.log(line.level.logLevel, line.text)
        }
        onReport(report)
        return report
    }

    private static func request(_ arguments: JSONObject) throws(HeapError) -> ExecutionRequest {
        var request = ExecutionRequest(code: arguments["code"]?.string ?? "")
        if let heap = arguments["heap"]?.string { request.heap = try HeapReference(heap) }
        if let timeout = arguments["timeout_ms"]?.integer {
            request.timeout = .milliseconds(timeout)
        }
        if arguments["save"]?.boolean == false { request.saving = .discard }
        if arguments["on_error"]?.string == "keep" { request.onException = .keep }
        return request
    }

    /// Reports every second that the run is alive: clients count their own time-outs anew then.
    private static func reportingTime<Result: Sendable>(
        to context: ToolContext, _ body: @escaping @Sendable () async -> Result
    ) async -> Result {
        guard context.isProgressWanted else { return await body() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var seconds = 0
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    seconds += 1
                    context.reportProgress("running for \(seconds) s")
                }
            }
            let result = await body()
            group.cancelAll()
            return result
        }
    }
}

extension ConsoleLine.Level {
    /// How a client that asked for log messages knows it.
    fileprivate var logLevel: LogLevel {
        switch self {
        case .debug: .debug
        case .log, .info: .info
        case .warn: .warning
        case .error: .error
        }
    }
}

// MARK: - Declaration

extension RunJavaScript {
    private var parameters: [ToolParameter] {
        let timeoutMax = Int(settings.limits.timeoutMax / .milliseconds(1))
        return [
            ToolParameter(
                "code", .string(byteCountMax: settings.limits.codeByteCountMax), .required,
                description: "JavaScript. The value of the last expression is the result."),
            ToolParameter(
                "language", .choice(ScriptLanguage.allCases.map(\.rawValue)), .optional,
                description: "Default auto: types are stripped where the code has them.",
                synonyms: ["javascript": "js", "typescript": "ts"]),
            ToolParameter(
                "timeout_ms", .integer(1...timeoutMax), .optional,
                description: "Deadline of the whole call in milliseconds."),
        ]
    }

    private static let heapParameters = [
        ToolParameter(
            "heap", .string(byteCountMax: 256), .optional,
            description:
                "Name of the heap to run on; made if there is none. Without it nothing is kept."),
        ToolParameter(
            "save", .boolean, .optional,
            description: "false: leave the heap as it is."),
        ToolParameter(
            "on_error", .choice(["rollback", "keep"]), .optional,
            description: "What becomes of changes made before an exception. Default rollback."),
    ]

    private static let description = """
        Runs JavaScript in V8; the value of the last expression is the result. With `heap`, all \
        that the code defines is there in the next call with that name, and `_` is the last value. \
        Top-level await, console and timers work; there are no files, network or modules. A call \
        that fails changes nothing. Bytes of an image, sound or PDF are shown as such.
        """

    private static let statelessDescription = """
        Runs JavaScript in a clean V8; the value of the last expression is the result. Top-level \
        await, console, timers and WebAssembly work; there are no files, network or modules. \
        Nothing is kept.
        """

    private static let outputSchema: JSON = [
        "type": "object",
        "properties": [
            "result": ["description": "The value as JSON."],
            "text": ["type": "string"],
            "note": ["type": "string"],
            "media": ["type": "object"],
            "console": ["type": "array", "items": ["type": "object"]],
            "heap": ["type": "string"],
            "version": ["type": "string"],
            "created": ["type": "boolean"],
            "durable": ["type": "boolean"],
            "stats": ["type": "object"],
        ],
    ]
}
