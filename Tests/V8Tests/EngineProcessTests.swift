import Testing

/// The suites of `Tests/V8Suites`, each in a process of its own, by their names: so a filter of
/// `swift test` chooses among them.
@Suite("In the engine's process", .serialized, .timeLimit(.minutes(15)))
struct EngineProcessTests {
    struct DeadlineTests {
        @Test("A deadline") func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct EvaluationTests {
        @Test("Running a script") func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct EventLoopTests {
        @Test("The event loop") func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct FixtureTests {
        @Test("The base heap's own JavaScript")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct GlobalsDocumentTests {
        @Test("docs/reference/javascript.md")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct InspectionTests {
        @Test("Looking into heaps") func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct LateGlobalTests {
        @Test("Globals whose scripts are loaded at their first use")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct LibrarySnapshotTests {
        @Test("The library in a heap that goes through snapshots")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct LibraryTests {
        @Test("The library of the language and of the web")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct NativeLibraryTests {
        @Test("Native parts of the library")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct PlaceTests {
        @Test("What errors say of where a script went wrong")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    struct SnapshotTests {
        @Test("A heap that goes through snapshots")
        func suite() throws { try EngineProcess.run(Self.self) }
    }

    @Test("are all that there are")
    func all() throws {
        let named: [Any.Type] = [
            DeadlineTests.self, EvaluationTests.self, EventLoopTests.self, FixtureTests.self,
            GlobalsDocumentTests.self, InspectionTests.self, LateGlobalTests.self,
            LibrarySnapshotTests.self, LibraryTests.self, NativeLibraryTests.self,
            PlaceTests.self, SnapshotTests.self,
        ]
        #expect(try EngineProcess.suites() == Set(named.map { "\($0)" }))
    }
}
