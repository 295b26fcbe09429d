import Foundation
import Testing
import V8
import WorkerProtocol

/// What a console shows for an expression, as Node shows it.
struct InspectCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let code: String
    let text: String
    var testDescription: String { name }
}

/// What a script prints, entry by entry.
struct ConsoleCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Entry: Decodable, Hashable, Sendable {
        let level: UInt8
        let text: String

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            level = try container.decode(UInt8.self)
            text = try container.decode(String.self)
        }

        init(_ line: ConsoleLine) {
            level = line.level.rawValue
            text = line.text
        }
    }

    let name: String
    let code: String
    let lines: [Entry]
    var testDescription: String { name }
}

/// A script that breaks what the base heap may rely on, and a value that is to be shown anyway.
struct SabotageCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let setup: String
    let value: String
    let text: String
    var testDescription: String { name }
}

extension EngineTests {
    @Suite("The base heap's own JavaScript")
    struct FixtureTests {
        @Test("the fixtures are there")
        func present() {
            #expect(fixtures("inspect", as: InspectCase.self).count >= 150)
            #expect(fixtures("console", as: ConsoleCase.self).count >= 40)
            #expect(fixtures("sabotage", as: SabotageCase.self).count >= 10)
        }

        @Test("shows values as Node does", arguments: fixtures("inspect", as: InspectCase.self))
        func inspect(_ example: InspectCase) throws {
            let run = try runStateless("console.log(\(example.code))")
            #expect(run.outcome.value != nil)
            #expect(run.console.map(\.text) == [example.text])
        }

        @Test("prints as Node does", arguments: fixtures("console", as: ConsoleCase.self))
        func console(_ example: ConsoleCase) throws {
            let run = try runStateless("{\(example.code)\n}")
            #expect(run.outcome.value != nil)
            #expect(run.console.map(ConsoleCase.Entry.init) == example.lines)
        }

        @Test(
            "answers whatever a script has done to the globals",
            arguments: fixtures("sabotage", as: SabotageCase.self))
        func sabotage(_ example: SabotageCase) throws {
            // Not by the result: what `then` on Object.prototype does, it does to every await.
            let run = try runStateless(
                "const { log } = console;\n\(example.setup);\nlog(\(example.value))")
            #expect(run.console.map(\.text) == [example.text])
        }
    }
}
