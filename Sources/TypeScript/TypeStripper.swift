internal import Glibc
internal import NIOPosix
internal import Synchronization

/// Makes JavaScript of TypeScript with esbuild, in a process that is confined for each call.
package struct TypeStripper: Sendable {
    private static let dialect = [
        // Imports that are not used stay, and are an error of the script's as in JavaScript.
        #"--tsconfig-raw={"compilerOptions":{"preserveValueImports":true,"#
            + #""verbatimModuleSyntax":true}}"#,
        "--target=es2022", "--charset=utf8", "--legal-comments=none", "--tree-shaking=false",
        "--log-level=error", "--log-limit=1", "--color=false",
    ]

    /// Few, and used by nothing else: what takes long here holds up other TypeScript only.
    private static let threads = {
        let threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        return threads
    }()

    private let esbuild: ConfinedTool

    /// Uses the program at a path.
    package init(esbuildPath: String) {
        esbuild = ConfinedTool(path: esbuildPath)
    }

    /// Where esbuild is installed: the first on the search path `PATH`; nil if nowhere.
    package static func installedPath(searchPath: String) -> String? {
        searchPath.split(separator: ":").filter { $0.hasPrefix("/") }
            .map { "\($0)/esbuild" }
            .first { unsafe access($0, X_OK) == 0 }
    }

    /// The JavaScript of a script: everything at the line and column of its source, as far as
    /// taking types away leaves it there.
    ///
    /// - Parameter timeout: how long it may take with its waiting for a thread; given up then, and
    ///   when the task is cancelled. Each of up to three runs of esbuild has 10 s at most.
    package func strip(
        _ code: String, timeout: Duration
    ) async throws(TypeScriptError) -> String {
        let stop = Stop(deadline: .now + timeout)
        let result = await withTaskGroup(of: Result<String, any Error>?.self) { group in
            group.addTask {
                await withTaskCancellationHandler {
                    do {
                        return .success(
                            try await TypeStripper.threads.runIfActive {
                                try stripNow(code, until: stop)
                            })
                    } catch {
                        return .failure(error)
                    }
                } onCancel: {
                    stop.come()
                }
            }
            group.addTask {
                try? await Task.sleep(until: stop.deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        switch result {
        case .success(let stripped): return stripped
        case .failure(let error as TypeScriptError): throw error
        case .failure, nil: throw .tooSlow
        }
    }

    private func stripNow(_ code: String, until stop: Stop) throws(TypeScriptError) -> String {
        let result = try run(
            ["--loader=ts", "--sourcemap=inline", "--sources-content=false"], code, until: stop)
        guard result.exitCode == 0 else { throw TypeStripper.error(of: result) }
        guard let (text, map) = SourceMap.split(result.output) else { return result.output }
        let laid = SourceLayout.lay(text, by: map)
        // Both mean the same if they print the same; otherwise only positions suffer.
        return try printed(laid, until: stop) == printed(text, until: stop) ? laid : text
    }

    /// The script without white space; nil if it does not parse.
    private func printed(_ code: String, until stop: Stop) throws(TypeScriptError) -> String? {
        let result = try run(["--loader=js", "--minify-whitespace"], code, until: stop)
        return result.exitCode == 0 ? result.output : nil
    }

    private func run(
        _ arguments: [String], _ code: String, until stop: Stop
    ) throws(TypeScriptError) -> ConfinedTool.Result {
        try esbuild.limited(milliseconds: stop.millisecondsLeft).run(
            arguments + TypeStripper.dialect, input: code, while: { !stop.hasCome })
    }

    /// Reads `✘ [ERROR] message`, and `<stdin>:3:7:` below it.
    private static func error(of result: ConfinedTool.Result) -> TypeScriptError {
        guard result.exitCode == 1,
            let match = result.errors.firstMatch(of: /\[ERROR\] ([^\n]*)/)
        else { return .failed(exitCode: result.exitCode, errors: result.errors) }
        let place = result.errors.firstMatch(of: /<stdin>:(\d{1,9}):(\d{1,9}):/)
        return .syntax(
            message: String(match.1), line: place.flatMap { Int($0.1) } ?? 0,
            column: place.flatMap { Int($0.2) }.map { $0 + 1 } ?? 0)
    }
}

/// When stripping is given up.
private final class Stop: Sendable {
    let deadline: ContinuousClock.Instant
    private let isCancelled = Atomic(false)

    init(deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    var hasCome: Bool {
        isCancelled.load(ordering: .relaxed) || ContinuousClock.now >= deadline
    }

    var millisecondsLeft: Int {
        max(1, Int((deadline - .now) / .milliseconds(1)))
    }

    func come() { isCancelled.store(true, ordering: .relaxed) }
}
