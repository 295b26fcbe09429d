internal import ArgumentParser
internal import Heaps
internal import MCP
internal import WorkerProtocol

struct ListHeaps: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List heaps.")

    @OptionGroup var options: HeapsOptions

    @Option(help: "Only those whose names start so.")
    var prefix = ""

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        var entries: [HeapPage.Entry] = []
        var after: HeapName?
        repeat {
            let page = try await heaps.list(
                prefix: prefix, after: after, limit: HeapRepository.pageCountMax)
            entries += page.entries
            after = page.next
        } while after != nil
        let table = TextTable(["NAME", "VERSION", "VERSIONS", "UPDATED", "BYTES"]) {
            entries.map(\.row)
        }
        return CommandOutput(
            json: ["heaps": .array(entries.map { .object($0.json) })],
            text: entries.isEmpty ? "No heaps." : table.text)
    }
}

extension HeapPage.Entry {
    fileprivate var row: [String] {
        switch self {
        case .heap(let head):
            [
                head.name.text, head.version.short, "\(head.runNumber)", head.updated.text,
                "\(head.snapshotByteCount)",
            ]
        case .damaged(let name, let damage): [name.text, "damaged: \(damage)", "", "", ""]
        }
    }
}

struct ShowHeap: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what is known of a version.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.", transform: HeapReference.init)
    var heap: HeapReference

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let record = try await heaps.resolve(heap)
        var json = record.json
        json["stored_bytes"] = .number(JSONNumber(record.storedByteCount))
        json["packed_behind"] = record.packing.prefix.map { .string($0.text) }
        json["engine"] = .string("\(record.engine)")
        let table = TextTable(nil) {
            json.members.map { [$0.key, $0.value.string ?? $0.value.text] }
        }
        return CommandOutput(json: json, text: table.text)
    }
}

struct HeapHistoryCommand: HeapsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List the versions of a heap, newest first.")

    @OptionGroup var options: HeapsOptions

    @Argument(help: "A heap, name@version or a version.", transform: HeapReference.init)
    var heap: HeapReference

    @Option(help: "How many at most.")
    var limit = 20

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    func perform(on heaps: HeapRepository, _ settings: Settings) async throws -> CommandOutput {
        let history = try await heaps.history(of: heap, limit: limit)
        let table = TextTable(["VERSION", "RUN", "TIME", "MS", "HEAP BYTES", "BYTES", "CODE"]) {
            history.records.map { record in
                [
                    record.version.short, "\(record.runNumber)", record.created.text,
                    "\(Double(record.durationMicroseconds) / 1000)", "\(record.heapByteCount)",
                    "\(record.snapshotByteCount)", record.codeFirstLine,
                ]
            }
        }
        let end =
            switch history.end {
            case .firstRun: ""
            case .limit: "\nThere are older versions: give a higher --limit."
            case .notKept: "\nOlder versions are not kept."
            }
        return CommandOutput(json: history.json, text: table.text + end)
    }
}
