/// Why types could not be stripped.
package enum TypeScriptError: Error, Hashable, CustomStringConvertible {
    /// The code does not parse as TypeScript. Line and column from 1; 0 where unknown.
    case syntax(message: String, line: Int, column: Int)
    /// esbuild took longer than it may.
    case tooSlow
    /// A signal ended esbuild: for most it used too much memory or time.
    case ended(signal: Int32)
    /// esbuild failed in a way that is not the code's fault.
    case failed(exitCode: Int32, errors: String)
    /// The kernel refused something.
    case system(call: String, code: Int32)

    /// What happened, for a person.
    package var description: String {
        switch self {
        case .syntax(let message, _, _): message
        case .tooSlow: "esbuild did not end in time"
        case .ended(let signal): "esbuild was ended by signal \(signal)"
        case .failed(126, _): "esbuild could not be confined and was not started"
        case .failed(127, _): "esbuild could not be started"
        case .failed(let exitCode, let errors):
            "esbuild failed with exit code \(exitCode): \(errors.prefix(200))"
        case .system(let call, let code): "\(call) failed with errno \(code)"
        }
    }
}
