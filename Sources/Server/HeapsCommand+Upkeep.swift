internal import ArgumentParser
internal import Heaps
internal import MCP

struct CollectGarbage: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove versions that no heap needs any more.",
        discussion: """
            Of each heap the newest 50 versions are kept; --keep-versions says otherwise. Servers \
            do the same by themselves every hour.
            """)

    @OptionGroup var options: HeapsOptions

    @Flag(help: "Only count what would be removed.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "How old what is removed has to be.",
            discussion: "Less than an hour only while no server uses the directory.",
            valueName: "seconds"))
    var graceSeconds = 3600

    func validate() throws {
        guard (0...31_536_000).contains(graceSeconds) else {
            throw ValidationError("--grace-seconds must be from 0 to 31536000")
        }
    }

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        var policy = settings.retention
        policy.grace = .seconds(graceSeconds)
        policy.removalCountMax = .max
        let report = try await heaps.collectGarbage(policy, dryRun ? .count : .remove)
        let counts: KeyValuePairs = [
            "heaps": report.heapCount, "kept": report.keptCount, "young": report.youngCount,
            "removed": report.removedCount, "removed_bytes": report.removedByteCount,
        ]
        let done = dryRun ? "Would remove" : "Removed"
        return CommandOutput(
            json: JSONObject(counts.map { ($0.key, .number(JSONNumber($0.value))) }),
            text: "\(done) \(report.removedCount) versions (\(report.removedByteCount) bytes). "
                + "\(report.heapCount) heaps keep \(report.keptCount); \(report.youngCount) "
                + "that no heap needs are younger than \(graceSeconds) s.")
    }
}

struct CheckHeaps: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck", abstract: "Look for damage.",
        discussion: "Prints a line for each problem, and then ends with 1.")

    @OptionGroup var options: HeapsOptions

    @Flag(help: "Also unpack every snapshot and compare its digest.")
    var readData = false

    @Flag(help: "Move what is damaged to the folder `damaged`.")
    var setAside = false

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let report = try await heaps.check(
            readData ? .snapshots : .records, onDamage: setAside ? .setAside : .report)
        let problems: [JSON] = report.problems.map { problem in
            [
                "key": .string(problem.key.path), "message": .string("\(problem)"),
                "set_aside": .boolean(problem.isSetAside),
            ]
        }
        let summary =
            "\(report.headCount) heads and \(report.versionCount) versions "
            + "(\(report.byteCount) bytes): \(problems.count) problems."
        return CommandOutput(
            json: [
                "heads": .number(JSONNumber(report.headCount)),
                "versions": .number(JSONNumber(report.versionCount)),
                "bytes": .number(JSONNumber(report.byteCount)), "problems": .array(problems),
            ],
            text: (report.problems.map { "\($0)" } + [summary]).joined(separator: "\n"),
            exitCode: problems.isEmpty ? .success : .failure)
    }
}

struct ReleaseHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let runs on a quarantined heap again.",
        discussion: """
            A heap is quarantined when its worker was ended twice by a forbidden system call or by \
            damaged memory. Going back to an earlier version (fork --replace) releases it too.
            """)

    @OptionGroup var options: HeapsOptions

    @Argument(help: "The heap.", transform: HeapName.init)
    var heap: HeapName

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let head = try await heaps.release(heap)
        return CommandOutput(
            json: head.json, text: "\(head.name) is released, at \(head.version).")
    }
}
