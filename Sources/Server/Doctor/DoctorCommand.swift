internal import ArgumentParser
internal import Execution
internal import Heaps
internal import Logging
internal import MCP
internal import NIOPosix
internal import WorkerProtocol

/// `mcp-v8 doctor`: whether the server would work here, and what would fix what does not.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check V8, the sandbox, the storage and the machine.",
        discussion: """
            Takes the options of the server, and checks what a server with them would need; it \
            makes the directory of heaps, as the server would. Exit codes: 0 the server works \
            here, with or without warnings; 1 it does not; 64 not understood.
            """)

    @OptionGroup var options: HeapsOptions

    func run() async throws {
        let settings: Settings
        do {
            settings = try options.server.readSettings()
        } catch {
            throw ValidationError("\(error)")
        }
        let logger = Logger(label: "mcp-v8") { _ in SwiftLogNoOpLogHandler() }
        var findings = await workerFindings(settings, logger)
        findings += await storageFindings(settings, logger)
        findings += machineFindings(settings)
        let isWorking = !findings.contains { $0.state == .failed }
        print(options.json ? json(of: findings).text : text(of: findings))
        if !isWorking { throw ExitCode.failure }
    }

    private func workerFindings(_ settings: Settings, _ logger: Logger) async -> [Finding] {
        let timeline = Timeline()
        let template = settings.makeTemplate(timeline: timeline, logger: logger)
        let programs = WorkerPrograms.ofThisProgram()
        let start = timeline.now
        var findings: [Finding] = []
        do throws(ExecutionError) {
            let engine = try await template.identity()
            let sandbox = try await template.confinement()
            findings.append(Finding("worker", .fine, "\(programs.library), in \(programs.engine)"))
            findings.append(
                Finding("engine", .fine, "\(engine), ready in \((timeline.now - start).text)"))
            findings += Finding.layers(sandbox)
        } catch {
            await template.close()
            return [Finding("worker", .failed, "\(error)", fix: Finding.fix(of: error))]
        }
        findings.append(await runFinding(settings, template, timeline, logger))
        return findings
    }

    /// Runs a script as the server does, on no heap.
    private func runFinding(
        _ settings: Settings, _ template: WorkerTemplate, _ timeline: Timeline, _ logger: Logger
    ) async -> Finding {
        let nowhere = InMemoryHeapStorage(byteCountMax: 0, logger: logger)
        let repository = HeapRepository(
            storage: nowhere, snapshotByteCountMax: settings.limits.snapshotByteCountMax,
            logger: logger)
        let service = ExecutionService(
            repository: repository, source: template, limits: settings.limits,
            eventLoops: MultiThreadedEventLoopGroup.singleton, timeline: timeline, logger: logger)
        let report = await withTaskGroup { group in
            group.addTask { await service.run() }
            let report = await service.execute(ExecutionRequest(code: "[6 * 7].at(-1)"))
            group.cancelAll()
            return report
        }
        switch report.outcome {
        case .value(let value) where value.text == "42":
            return Finding("run", .fine, "a script ran in \(report.statistics.duration.text)")
        case .value(let value):
            return Finding("run", .failed, "6 * 7 is \(value.text) here")
        case .failure(let failure): return Finding("run", .failed, failure.message)
        }
    }

    private func storageFindings(_ settings: Settings, _ logger: Logger) async -> [Finding] {
        do throws(HeapError) {
            let storage = try await options.server.makeStorage(settings, logger: logger)
            _ = try await storage.list(.heads, prefix: "", after: nil, limit: 1)
        } catch {
            return [Finding("storage", .failed, "\(error)")]
        }
        switch settings.storage {
        case .files(let path): return [Finding.disk(path)]
        default: return [Finding("storage", .fine, "\(settings.storage) can be used")]
        }
    }

    private func json(of findings: [Finding]) -> JSON {
        [
            "works": .boolean(!findings.contains { $0.state == .failed }),
            "warnings": .number(JSONNumber(findings.count { $0.state == .warning })),
            "checks": .array(findings.map(\.json)),
        ]
    }

    private func text(of findings: [Finding]) -> String {
        let failedCount = findings.count { $0.state == .failed }
        let warningCount = findings.count { $0.state == .warning }
        let verdict = failedCount == 0 ? "mcp-v8 works here" : "mcp-v8 does not work here"
        let counts = "\(failedCount) failures, \(warningCount) warnings"
        return (findings.map(\.text) + ["\(verdict): \(counts)."]).joined(separator: "\n")
    }
}

extension Duration {
    /// Milliseconds, for a person.
    fileprivate var text: String { "\(Int(self / .milliseconds(1))) ms" }
}
