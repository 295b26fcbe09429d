import Testing

/// The rules of the house that a machine can check, held against every file.
@Suite("The repository")
struct RepositoryTests {
    @Test("is found, with all its kinds of files")
    func isFound() {
        let languages = Set(Repository.sources.compactMap(\.language))
        #expect(languages.isSuperset(of: [.swift, .c, .python]))
        #expect(Repository.files.contains { $0.path == "Package.swift" })
    }

    @Test("has no line over 100 columns")
    func lineLengths() { expectNone(Repository.sources.flatMap(longLines)) }

    @Test("has no prose over 100 columns")
    func proseWidths() { expectNone(Repository.files.flatMap(wideProse)) }

    @Test("has no file over 400 lines")
    func fileLengths() { expectNone(Repository.sources.flatMap { longFile($0) }) }

    @Test("has no function over 70 lines")
    func functionLengths() { expectNone(Repository.sources.flatMap(longFunctions)) }

    @Test("says of everything that other modules see what it is")
    func documentation() {
        expectNone(Repository.swift(in: "Sources").flatMap(undocumentedDeclarations))
    }

    @Test("forces no try and no cast")
    func forcedTries() {
        expectNone(Repository.swift(in: "Sources", "Tests").flatMap(forcedTriesAndCasts))
    }

    @Test("has words for every error")
    func errors() { expectNone(speechlessErrors(in: Repository.swift(in: "Sources"))) }

    @Test("prints in executables only")
    func printing() { expectNone(Repository.swift(in: "Sources", "Tests").flatMap(prints)) }

    @Test("has no concurrency on the worker's side")
    func workerConcurrency() { expectNone(Repository.swift(in: "Sources").flatMap(concurrency)) }

    @Test("has no task that nobody waits for")
    func taskDetaching() {
        expectNone(Repository.swift(in: "Sources", "Tests").flatMap(detachedTasks))
    }

    @Test("sleeps in no test")
    func sleeping() { expectNone(Repository.sources.flatMap(sleeps)) }

    @Test("has no task whose handle is dropped, but for a few reasons")
    func droppedTaskHandles() {
        let files = Repository.swift(in: "Sources", "Tests", "FuzzTesting")
        expectNone(files.flatMap { droppedTasks(in: $0) })
        // What is on the list is there for a reason still.
        for (path, reason) in tasksLetGoOf {
            let file = files.first { $0.path == path }
            let unlisted = file.map { SourceFile("Sources/A.swift", $0.text) }
            #expect(unlisted.map { droppedTasks(in: $0).count } == 1, "\(path): \(reason)")
        }
    }

    @Test("gives a reason where it promises safety to the compiler")
    func promises() {
        expectNone(Repository.swift(in: "Sources", "Tests").flatMap(unexplainedPromises))
    }

    @Test("has no type named Manager, Helper, Utils or Impl")
    func names() { expectNone(Repository.swift(in: "Sources", "Tests").flatMap(emptyNames)) }

    @Test("includes V8 in its shim only")
    func v8Includes() { expectNone(Repository.files.flatMap(strayV8Includes)) }

    @Test("keeps V8's insides in one room")
    func internals() {
        expectNone(Repository.files.flatMap(strayInternals))
        #expect(Repository.files.contains { $0.path == "Sources/CV8/Internals/walks.cpp" })
    }

    @Test("imports nothing heavy on the worker's side")
    func workerImports() { expectNone(Repository.swift(in: "Sources").flatMap(heavyImports)) }

    @Test("calls every function that its C headers declare")
    func cFunctions() {
        for target in ["CV8", "CSandbox"] {
            let headers = Repository.files.filter {
                $0.path.hasPrefix("Sources/\(target)/include/")
            }
            #expect(!headers.isEmpty)
            let users = Repository.swift(in: "Sources")
            expectNone(unusedCFunctions(declaredIn: headers, usedIn: users))
        }
    }

    @Test("keeps V8's shim to 30 functions")
    func shimSize() {
        let headers = Repository.files.filter { $0.path.hasPrefix("Sources/CV8/include/") }
        #expect(
            headers.reduce(into: Set()) { $0.formUnion(declaredCFunctions(in: $1)) }.count <= 30)
    }

    @Test("has a README that is read to its end")
    func readme() throws {
        let readme = try #require(Repository.files.first { $0.path == "README.md" })
        expectNone(longFile(readme, linesMax: Length.readmeLinesMax))
    }

    @Test("leaves dependency versions to each checkout")
    func resolvedVersions() throws { #expect(try Repository.tracked("Package.resolved") == []) }

    @Test("names no path of the machine it was written on")
    func paths() { expectNone(Repository.files.flatMap(machinePaths)) }

    @Test("documents every option, and no other", .enabled(if: !serverOptions.isEmpty))
    func options() throws {
        let references = Repository.files.filter {
            ["docs/reference/configuration.md", "docs/reference/heaps.md"].contains($0.path)
        }
        try #require(references.count == 2)
        let documented = Set(references.flatMap(documentedOptions))
            .subtracting(optionsOfTheParser)
        let declared = serverOptions.subtracting(optionsOfTheParser)
        expectNone(optionsThatDiffer(documented: documented, declared: declared))
    }
}

/// What the argument parser brings by itself.
private let optionsOfTheParser: Set<String> = ["help", "version"]
private let serverOptions = declaredOptions(in: Repository.swift(in: "Sources/Server"))

private func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(findings.isEmpty, "\(findings.listing)", sourceLocation: sourceLocation)
}
