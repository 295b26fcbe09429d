internal import Glibc
internal import NIOPosix

/// Makes JavaScript of TypeScript with esbuild, in a process that is confined for each call.
package struct TypeStripper: Sendable {
    private static let dialect = [
        // Imports that are not used stay, and are an error of the script's as in JavaScript.
        #"--tsconfig-raw={"compilerOptions":{"preserveValueImports":true,"#
            + #""verbatimModuleSyntax":true}}"#,
        "--target=es2022", "--charset=utf8", "--legal-comments=none", "--tree-shaking=false",
        "--log-level=error", "--log-limit=1", "--color=false",
    ]

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
    /// - Parameter timeout: how long each of up to three runs of esbuild may take, 10 s at most.
    package func strip(
        _ code: String, timeout: Duration
    ) async throws(TypeScriptError) -> String {
        let milliseconds = Int(timeout / .milliseconds(1))
        let esbuild = self.esbuild.limited(milliseconds: milliseconds)
        let result = await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in
                continuation.resume(returning: Result { try stripNow(code, with: esbuild) })
            }
        }
        switch result {
        case .success(let stripped): return stripped
        case .failure(let error as TypeScriptError): throw error
        case .failure: throw .tooSlow
        }
    }

    private func stripNow(
        _ code: String, with esbuild: ConfinedTool
    ) throws(TypeScriptError) -> String {
        let result = try esbuild.run(
            ["--loader=ts", "--sourcemap=inline", "--sources-content=false"]
                + TypeStripper.dialect, input: code)
        guard result.exitCode == 0 else { throw TypeStripper.error(of: result) }
        guard let (text, map) = SourceMap.split(result.output) else { return result.output }
        let laid = SourceLayout.lay(text, by: map)
        // Both mean the same if they print the same; otherwise only positions suffer.
        return try printed(laid, with: esbuild) == printed(text, with: esbuild) ? laid : text
    }

    /// The script without white space; nil if it does not parse.
    private func printed(
        _ code: String, with esbuild: ConfinedTool
    ) throws(TypeScriptError) -> String? {
        let result = try esbuild.run(
            ["--loader=js", "--minify-whitespace"] + TypeStripper.dialect, input: code)
        return result.exitCode == 0 ? result.output : nil
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
