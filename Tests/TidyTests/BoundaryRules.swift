import RegexBuilder

/// V8's headers outside the shim's implementation.
func strayV8Includes(in file: SourceFile) -> [Finding] {
    let parts = file.path.split(separator: "/")
    let isBesideShim = file.target == "CV8" && parts.dropFirst(2).first != "include"
    if isBesideShim { return [] }
    // What is compared with V8 alone must call it.
    if parts.first == "Benchmarks" { return [] }
    return file.lines.enumerated().compactMap { index, line in
        guard line.contains(/^\s*#\s*include\s*[<"](v8|libplatform\/|cppgc\/|node)/) else {
            return nil
        }
        return Finding(
            path: file.path, line: index + 1,
            complaint: "V8 is included by Sources/CV8/*.cpp and private headers beside them only")
    }
}

/// What V8 does not promise: names, places and switches of its insides, outside the one room that
/// they belong in.
func strayInternals(in file: SourceFile) -> [Finding] {
    let isInRoom = file.path.hasPrefix("Sources/CV8/Internals/")
    guard file.path.hasPrefix("Sources/"), !isInRoom else { return [] }
    let signs = Regex {
        ChoiceOf {
            /\bv8::internal\b/
            /\bV8_M(AJOR|INOR)_VERSION\b/
            /\b(asm|__asm__)\s*(volatile\s*)?\(/
            /\bdl(sym|vsym)\b/
            /\x22_Z[A-Z]\w/
            /\bSetFlagsFrom\w+/
        }
    }
    // Strings too: mangled names are in them.
    return file.lines.enumerated().compactMap { index, line in
        guard file.target == "CV8" || file.target == "V8", line.contains(signs) else { return nil }
        return Finding(
            path: file.path, line: index + 1,
            complaint: "V8's insides are for Sources/CV8/Internals only")
    }
}

/// Imports that would bring the server's dependencies into the worker.
func heavyImports(in file: SourceFile) -> [Finding] {
    let workerSide: [Substring] = ["V8", "Sandbox", "Worker", "WorkerProtocol"]
    guard workerSide.contains(file.target ?? "") else { return [] }
    let heavy = /(Foundation|NIO|Logging|Dispatch|Crypto)\w*/
    let imports = Regex {
        /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:\w+\s+)?/
        heavy
    }
    return occurrences(
        of: imports, in: file, complaint: "an import that the worker must not have")
}

/// Functions that a C header declares and nothing outside its target calls.
func unusedCFunctions(
    declaredIn headers: [SourceFile], usedIn users: [SourceFile]
) -> [Finding] {
    let words = Set(
        users.flatMap { user in
            user.code.text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        })
    return headers.flatMap { header in
        header.code.lines.enumerated().flatMap { index, line in
            line.matches(of: /\b((?:cv8|csandbox)_\w+)\s*\(/).compactMap { match in
                guard !words.contains(String(match.1)) else { return nil }
                return Finding(
                    path: header.path, line: index + 1, complaint: "nothing calls \(match.1)")
            }
        }
    }
}

/// The names of the C functions that a header declares.
func declaredCFunctions(in header: SourceFile) -> Set<String> {
    Set(header.code.text.matches(of: /\b((?:cv8|csandbox)_\w+)\s*\(/).map { String($0.1) })
}
