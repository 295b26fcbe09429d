import Testing

/// Each rule finds an offender, and lets pass what only looks like one.
@Suite("A rule")
struct RuleTests {
    @Test("finds a line of 101 columns")
    func lineLength() {
        #expect(longLines(in: swift(String(repeating: "ü", count: 101))).map(\.line) == [1])
        #expect(longLines(in: swift(String(repeating: "ü", count: 100))).isEmpty)
    }

    @Test("finds a file of 401 lines")
    func fileLength() {
        #expect(longFile(swift(String(repeating: "\n", count: 401))).count == 1)
        #expect(longFile(swift(String(repeating: "\n", count: 400))).isEmpty)
        #expect(longFile(swift("a\nb"), linesMax: 1).count == 1)
    }

    @Test(
        "finds a function of 71 lines",
        arguments: [
            ("a.swift", "enum S {\n    func f(\n    a: Int\n    ) -> Int {\n", "    }\n}\n", 2, 2),
            ("a.swift", "struct S {\n    init() where T: P {\n", "    }\n}\n", 2, 0),
            ("a.cpp", "namespace {\n\nint f(int a,\n      int b) {\n", "}\n}\n", 3, 1),
            ("a.js", "(function () {\n'use strict';\nfunction f(a) {\n", "}\n})();\n", 3, 0),
            ("a.js", "const f = (a) => {\n", "};\n", 1, 0),
        ])
    func functionLength(path: String, head: String, tail: String, line: Int, headLines: Int) {
        let lines = { (count: Int) in String(repeating: "if (a) { b(\"}\"); }\n", count: count) }
        let full = Length.functionLinesMax - headLines - 2
        #expect(longFunctions(in: SourceFile(path, head + lines(full) + tail)).isEmpty)
        let tooLong = SourceFile(path, head + lines(full + 1) + tail)
        #expect(longFunctions(in: tooLong).map(\.line) == [line])
    }

    @Test("does not take a type, a closure or a protocol's requirement for a function")
    func notAFunction() {
        let body = String(repeating: "    let x = 1\n", count: 100)
        #expect(longFunctions(in: swift("struct S {\n\(body)}\n")).isEmpty)
        let requirement = "protocol P {\n  func f()\n}\nenum E {\n\(body)}\n"
        #expect(longFunctions(in: swift(requirement)).isEmpty)
        #expect(longFunctions(in: SourceFile("a.h", "extern \"C\" {\n\(body)}\n")).isEmpty)
    }

    @Test("says where braces do not match")
    func braces() {
        #expect(longFunctions(in: swift("func f() {\n")).count == 1)
        #expect(longFunctions(in: swift("}\n")).count == 1)
    }

    @Test(
        "finds a declaration without a summary",
        arguments: [
            "package struct S {}", "public func f() {}", "package private(set) var x = 1",
            "@safe\npackage init?(a: Int) {}", "// No documentation.\npackage let a = 1",
            "/// No full stop\npackage static func f() {}",
            "@discardableResult package func f() {}",
            "package consuming func f() {}", "public final class C {}",
        ])
    func undocumented(text: String) {
        #expect(undocumentedDeclarations(in: swift(text)).count == 1)
    }

    @Test(
        "accepts a declaration with a summary",
        arguments: [
            "/// A thing.\npackage struct S {}",
            "/// A thing.\n// Safe because.\n@safe\npackage struct S {}",
            "/// A thing\n/// in two lines.\n///\n/// - Throws: x\npackage func f() {}",
            "package import Foundation", "struct S {}", "package extension S {}",
            "let text = \"\"\"\n  package struct S {}\n  \"\"\"", "// package struct S {}",
        ])
    func documented(text: String) {
        #expect(undocumentedDeclarations(in: swift(text)).isEmpty)
    }

    @Test("finds a forced try and a forced cast")
    func forced() {
        #expect(forcedTriesAndCasts(in: swift("let a = try! f()\nlet b = a as! B")).count == 2)
        #expect(forcedTriesAndCasts(in: swift("// try!\nlet a = \"as!\"; try f() as? B")).isEmpty)
    }

    @Test("finds an error without words")
    func speechlessError() {
        let errors = swift(
            "enum A: Error, Sendable {}\nstruct B: Hashable, Error {}\nenum C: Error {}")
        let words = swift(
            "extension A: CustomStringConvertible {}\nextension D.C: P, CustomStringConvertible {}")
        #expect(speechlessErrors(in: [errors, words]).map(\.line) == [2])
        let others = swift(
            "struct ErrorHints: P {}\nenum D { case x(any Error) }\nextension E: Error {}")
        #expect(speechlessErrors(in: [others]).isEmpty)
        let spoken = swift("struct B: Error, CustomStringConvertible {}")
        #expect(speechlessErrors(in: [spoken]).isEmpty)
    }

    @Test("finds a print in a library")
    func printing() {
        let library = SourceFile("Sources/Heaps/A.swift", "print(1)\n  debugPrint(2)")
        #expect(prints(in: library).count == 2)
        #expect(prints(in: SourceFile("Sources/Server/A.swift", "print(1)")).isEmpty)
        let others = SourceFile("Sources/Heaps/A.swift", "fingerprint(1); a.print(2)")
        #expect(prints(in: others).isEmpty)
    }

    @Test(
        "finds concurrency on the worker's side",
        arguments: [
            "func f() async {}", "await f()", "Task { }", "actor A {}",
        ])
    func workerConcurrency(text: String) {
        #expect(concurrency(in: SourceFile("Sources/V8/A.swift", text)).count == 1)
        #expect(concurrency(in: SourceFile("Sources/Heaps/A.swift", text)).isEmpty)
        #expect(concurrency(in: SourceFile("Sources/V8/A.swift", "// \(text)")).isEmpty)
    }

    @Test("finds a detached task")
    func detached() {
        #expect(detachedTasks(in: swift("Task.detached { }")).count == 1)
        #expect(detachedTasks(in: swift("Task { }")).isEmpty)
    }

    @Test("finds prose that is too wide, and leaves tables and code alone")
    func wideParagraphs() {
        let wide = String(repeating: "word ", count: 25)
        let file = { SourceFile("docs/a.md", $0) }
        #expect(wideProse(in: file("short\n\(wide)\n")).map(\.line) == [2])
        #expect(wideProse(in: file("| \(wide) |\n```\n\(wide)\n```\n")).isEmpty)
    }

    @Test("finds a sleep")
    func sleeping() {
        let file = { SourceFile($0, "time.sleep(1)  # a while") }
        #expect(sleeps(in: file("IntegrationTests/test_a.py")).count == 1)
        #expect(sleeps(in: file("IntegrationTests/soak.py")).isEmpty)
    }

    @Test(
        "finds a task whose handle is dropped",
        arguments: [
            "Task { }", "let a = 1\nTask {\n}", "_ = Task { }", "if a { Task { await b() } }",
            "f(); Task { }", "Task(executorPreference: executor) { [a] in }",
            "Task<Void, Never>(priority: .low) {}", "f {\n    Task(name: \"a\") {\n    }\n}",
        ])
    func droppedTask(text: String) {
        #expect(droppedTasks(in: swift(text)).count == 1)
    }

    @Test(
        "accepts a task whose handle is kept",
        arguments: [
            "let task = Task { }", "let task =\n    Task { }", "await Task { }.value",
            "await\n    Task { }.value", "return Task { }", "tasks.append(Task { })",
            "tasks.append(\n    Task {\n})", "(0..<3).map { _ in Task { } }",
            "private var a: Task<Void, Never>? { b }", "group.addTask { }", "func longTask() { }",
            "// Task { }", "asking = Task(executorPreference: e) { }",
        ])
    func keptTask(text: String) {
        #expect(droppedTasks(in: swift(text)).isEmpty)
    }

    @Test("finds a promise without its reason")
    func promise() {
        #expect(unexplainedPromises(in: swift("final class A: @unchecked Sendable {}")).count == 1)
        #expect(
            unexplainedPromises(in: swift("// Fine.\nnonisolated(unsafe) var a = 1")).count == 1)
        let explained = "// Safe because of the lock,\n// always.\nnonisolated(unsafe) var a = 1"
        #expect(unexplainedPromises(in: swift(explained)).isEmpty)
    }

    @Test("finds an empty name")
    func emptyName() {
        #expect(emptyNames(in: swift("struct HeapManager {}\nenum StringUtils {}")).count == 2)
        #expect(emptyNames(in: swift("final class WorkerImpl {}")).count == 1)
        #expect(emptyNames(in: swift("struct Implementation {}\nstruct Managed {}")).isEmpty)
    }

    @Test("finds an include of V8 outside the shim")
    func v8Include() {
        let text = "#include <v8.h>\n#  include \"v8-platform.h\"\n#include <libplatform/x.h>\n"
        #expect(strayV8Includes(in: SourceFile("Sources/CV8/include/CV8.h", text)).count == 3)
        #expect(strayV8Includes(in: SourceFile("Sources/CSandbox/a.c", text)).count == 3)
        #expect(strayV8Includes(in: SourceFile("Sources/CV8/isolate.cpp", text)).isEmpty)
    }

    @Test(
        "finds V8's insides outside their room",
        arguments: [
            "v8::internal::Isolate *isolate;", "#if V8_MAJOR_VERSION < 14", "asm(\"nop\");",
            "auto f = dlsym(RTLD_NEXT, name);", "call(\"_ZN2v88internal4Heap7CollectEv\");",
            "v8::V8::SetFlagsFromString(\"--x\");",
        ])
    func internals(text: String) {
        #expect(strayInternals(in: SourceFile("Sources/CV8/isolate.cpp", text)).count == 1)
        #expect(strayInternals(in: SourceFile("Sources/CV8/Internals/a.cpp", text)).isEmpty)
    }

    @Test(
        "finds a heavy import on the worker's side",
        arguments: [
            "import Foundation", "package import NIOCore", "import struct Foundation.Data",
            "@preconcurrency import NIOPosix",
        ])
    func heavyImport(text: String) {
        #expect(heavyImports(in: SourceFile("Sources/WorkerProtocol/A.swift", text)).count == 1)
        #expect(heavyImports(in: SourceFile("Sources/Heaps/A.swift", text)).isEmpty)
        #expect(heavyImports(in: SourceFile("Sources/V8/A.swift", "import Glibc")).isEmpty)
    }

    @Test("finds a C function that nothing calls")
    func unusedFunction() {
        let header = SourceFile("a.h", "int cv8_used(int a);\nint cv8_unused(\n    int a);\n")
        let user = swift("let a = unsafe cv8_used(1) // cv8_unused(2)")
        let findings = unusedCFunctions(declaredIn: [header], usedIn: [user])
        #expect(findings.map(\.line) == [2])
        #expect(declaredCFunctions(in: header) == ["cv8_used", "cv8_unused"])
    }

    @Test("finds a machine's path")
    func machinePath() {
        let slash = "/"  // apart, so that this file does not offend
        for path in ["work/main", "root", "opt/swift/usr", "tmp/wt/x", "work."] {
            #expect(machinePaths(in: swift("cd `" + slash + path)).count == 1)
        }
        for path in ["workspace", "root-level", "work_done", "tmp/mcp-v8-heaps"] {
            #expect(machinePaths(in: swift("cd `" + slash + path)).isEmpty)
        }
        #expect(machinePaths(in: swift("Sources/Worker, net" + slash + "work")).isEmpty)
    }

    @Test("finds an option that is not documented, and one that does not exist")
    func option() {
        let reference = SourceFile("r.md", "| `--a-b N` | text |\n| `--gone` | text |\n`--other`\n")
        let server = swift("@Option(help: \"x\")\nvar aB: Int\n@Flag var inMemory = false\n")
        let documented = documentedOptions(in: reference)
        #expect(documented == ["a-b", "gone"])
        #expect(declaredOptions(in: [server]) == ["a-b", "in-memory"])
        let findings = optionsThatDiffer(documented: documented, declared: ["a-b", "in-memory"])
        #expect(findings.count == 2)
    }
}

/// Reading code and skipping the rest.
@Suite("Blanking")
struct BlankingTests {
    @Test(
        "leaves code and lines, and nothing of comments and literals",
        arguments: [
            ("a.swift", "a // x {\nb", "a       \nb"),
            ("a.swift", "a /* { /* { */ { */ b", "a                   b"),
            ("a.swift", #"f("{\"{", b)"#, #"f("    ", b)"#),
            ("a.swift", ##"f(#"{"{"#, b)"##, ##"f(#"   "#, b)"##),
            ("a.swift", #"f("\(g("}"))", b)"#, #"f("         ", b)"#),
            ("a.swift", #"a(of: /["{]x/) / b"#, #"a(of: /     /) / b"#),
            ("a.cpp", "c = '{'; n = 1'000; d = '}'", "c = ' '; n = 1'000; d = ' '"),
            ("a.js", "a = /[/{]{/g; b = c / d; e = `{`", "a = /     /g; b = c / d; e = ` `"),
        ])
    func blanks(path: String, text: String, code: String) {
        #expect(SourceFile(path, text).code.text == code)
    }
}

private func swift(_ text: String) -> SourceFile { SourceFile("Tests/A.swift", text) }
