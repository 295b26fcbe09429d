import Dispatch
import Execution
import Foundation
import Testing

/// A process with V8 in it that runs suites of `Tests/V8Suites`: this one has none.
enum EngineProcess {
    /// The longest that one may take.
    private static let timeout: DispatchTimeInterval = .seconds(600)

    /// Runs a suite of this name, and reports what it reports. Fails where none of its tests ran.
    static func run(_ suite: Any.Type) throws {
        let name = "\(suite)"
        let folder = URL.temporaryDirectory.appending(path: "suites-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "events.jsonl").path
        let (status, output) = try start(
            ["--filter", "[./]\(name)/", "--event-stream-output-path", file]
                + ["--event-stream-version", "0"])
        let events = (try? Data(contentsOf: URL(filePath: file))) ?? Data()
        let records = events.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(Record.self, from: $0).payload
        }
        var issueCount = 0
        for record in records where record.kind == "issueRecorded" {
            guard record.issue?.isKnown != true else { continue }
            issueCount += 1
            report(record)
        }
        // Functions are told of by their place in a file, suites are not.
        let endCount = records.count {
            $0.kind == "testEnded" && $0.testID?.contains(".swift:") == true
        }
        #expect(endCount > 0, "no test of \(name) ran: \(output.suffix(2000))")
        guard issueCount == 0 else { return }
        let hasEnded = records.contains { $0.kind == "runEnded" }
        #expect(hasEnded && status == 0, "\(name) ended with \(status): \(output.suffix(2000))")
    }

    /// The suites that there are, by name: those that have tests of their own.
    static func suites() throws -> Set<String> {
        let (status, output) = try start(["--list-tests"])
        try #require(status == 0, "\(output.suffix(2000))")
        let names = output.split(separator: "\n").compactMap { line -> String? in
            let parts = line.split { $0 == "/" || $0 == "." }
            let test = parts.firstIndex { $0.contains("(") } ?? 0
            return parts.first == "V8Suites" && test > 1 ? String(parts[test - 1]) : nil
        }
        return Set(names)
    }

    private static func report(_ record: Record.Payload) {
        let words = (record.messages ?? []).map(\.text).joined(separator: "\n")
        let test = record.testID ?? "outside of tests"
        let example = record._testCase.map { " (\($0.displayName))" } ?? ""
        let place = record.issue?.sourceLocation.map {
            SourceLocation(
                fileID: $0.fileID, filePath: $0._filePath, line: $0.line, column: $0.column)
        }
        Issue.record("\(test)\(example): \(words)", sourceLocation: place ?? #_sourceLocation)
    }

    /// What the engine's process exits with, and what it wrote.
    private static func start(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let argument = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let bundle = URL(fileURLWithPath: argument ?? CommandLine.arguments[0])
        let products = bundle.deletingLastPathComponent().path
        let programs = WorkerPrograms(
            library: products + "/libV8Suites.so", engine: WorkerPrograms(near: products).engine)
        let command = programs.command(arguments: arguments)
        let process = Process()
        process.executableURL = URL(filePath: command.path)
        process.arguments = Array(command.words.dropFirst())
        process.currentDirectoryURL = URL(filePath: command.folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let watch = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeout, execute: watch)
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        watch.cancel()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// A line of swift-testing's stream of events, as far as it matters here.
private struct Record: Decodable {
    struct Payload: Decodable {
        let kind: String
        let testID: String?
        let messages: [Message]?
        let issue: Issue?
        let _testCase: Example?
    }

    struct Message: Decodable {
        let text: String
    }

    struct Example: Decodable {
        let displayName: String
    }

    struct Issue: Decodable {
        let isKnown: Bool
        let sourceLocation: Place?
    }

    struct Place: Decodable {
        let fileID: String
        let _filePath: String
        let line: Int
        let column: Int
    }

    let payload: Payload
}
