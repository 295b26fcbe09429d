internal import Execution
internal import Heaps
internal import MCP

/// The tools for looking at heaps, and for going back.
struct HeapTools: Sendable {
    private let service: ExecutionService
    private let repository: HeapRepository
    private let deletedHeaps: DeletedHeaps

    init(service: ExecutionService, repository: HeapRepository, deletedHeaps: DeletedHeaps) {
        self.service = service
        self.repository = repository
        self.deletedHeaps = deletedHeaps
    }

    /// The tools as clients see them.
    var tools: [Tool] { [listHeaps, heapHistory, forkHeap, deleteHeap] }

    private func list(_ arguments: JSONObject) async throws(ExecutionFailure) -> JSONObject {
        let prefix = arguments["prefix"]?.string ?? ""
        let page = try await service.reading(after: .startingWith(prefix)) { () throws(HeapError) in
            try await repository.list(
                prefix: prefix,
                after: try arguments["cursor"]?.string.map { (text) throws(HeapError) in
                    try HeapName(text)
                },
                limit: arguments["limit"]?.integer ?? 100)
        }
        var json: JSONObject = ["heaps": .array(page.entries.map { .object($0.json) })]
        json["next_cursor"] = page.next.map { .string($0.text) }
        return json
    }

    private func history(_ arguments: JSONObject) async throws(ExecutionFailure) -> JSONObject {
        let reference = try Self.stored { () throws(HeapError) in
            try HeapReference(arguments["heap"]?.string ?? "")
        }
        let limit = arguments["limit"]?.integer ?? 20
        let history = try await service.reading(
            after: reference.name.map { .heap($0) } ?? .nothing
        ) { () throws(HeapError) in
            try await repository.history(of: reference, limit: limit)
        }
        var json: JSONObject = ["heap": .string("\(reference)")]
        for member in history.json.members {
            json[member.key] = member.value
        }
        for member in history.json.members { json[member.key] = member.value }
        return json
    }

    private func fork(_ arguments: JSONObject) async throws(ExecutionFailure) -> JSONObject {
        let (source, target) = try Self.stored { () throws(HeapError) in
            (
                try HeapReference(arguments["source"]?.string ?? ""),
                try HeapName(arguments["target"]?.string ?? "")
            )
        }
        let ifTaken: TakenName = arguments["replace"]?.boolean == true ? .replace : .refuse
        return try await service.withTurn(on: target, reading: source.name) {
            () throws(HeapError) in
            try await repository.fork(source, to: target, ifTaken: ifTaken)
        }.json
    }

    private func delete(_ arguments: JSONObject) async throws(ExecutionFailure) -> JSONObject {
        let name = try Self.stored { () throws(HeapError) in
            try HeapName(arguments["heap"]?.string ?? "")
        }
        let head = try await service.withTurn(on: name) { () throws(HeapError) in
            try await repository.delete(name)
        }
        deletedHeaps.note(head)
        return head.json
    }

    private static func stored<Result>(
        _ body: () throws(HeapError) -> Result
    ) throws(ExecutionFailure) -> Result {
        do throws(HeapError) { return try body() } catch { throw ExecutionFailure(error) }
    }

    private static func result(
        _ body: () async throws(ExecutionFailure) -> JSONObject
    ) async -> ToolResult {
        do throws(ExecutionFailure) {
            return .structured(try await body())
        } catch {
            return error.toolResult
        }
    }
}

// MARK: - Declaration

extension HeapTools {
    private static let name = ToolParameter.Kind.string(byteCountMax: 256)

    private var listHeaps: Tool {
        Tool(
            name: "list_heaps", title: "List heaps", description: "Lists heaps by name.",
            parameters: [
                ToolParameter("prefix", Self.name, .optional, description: "Start of the names."),
                ToolParameter(
                    "limit", .integer(1...1000), .optional, description: "Default 100."),
                ToolParameter(
                    "cursor", Self.name, .optional, description: "next_cursor of the last page."),
            ],
            outputSchema: Self.schema(["heaps": "array", "next_cursor": "string"]),
            annotations: ToolAnnotations(
                effect: .readsOnly, repetition: .isIdempotent, world: .closed),
            call: { arguments, _ in
                await Self.result { () throws(ExecutionFailure) in try await list(arguments) }
            })
    }

    private var heapHistory: Tool {
        Tool(
            name: "heap_history", title: "Heap history",
            description: "Lists the versions of a heap that are kept, newest first.",
            parameters: [
                ToolParameter("heap", Self.name, .required, description: "A heap or version."),
                ToolParameter("limit", .integer(1...1000), .optional, description: "Default 20."),
            ],
            outputSchema: Self.schema(["heap": "string", "versions": "array", "end": "string"]),
            annotations: ToolAnnotations(
                effect: .readsOnly, repetition: .isIdempotent, world: .closed),
            call: { arguments, _ in
                await Self.result { () throws(ExecutionFailure) in try await history(arguments) }
            })
    }

    private var forkHeap: Tool {
        Tool(
            name: "fork_heap", title: "Fork or undo",
            description: """
                Gives a heap's present or earlier state a second name. Undo: source "h@0123abcd", \
                target "h", with replace.
                """,
            // `from` is a keyword where clients make functions of tools.
            parameters: [
                ToolParameter(
                    "source", otherNames: ["from"], Self.name, .required,
                    description: "name, name@version (8 digits suffice) or version."),
                ToolParameter(
                    "target", otherNames: ["to"], Self.name, .required,
                    description: "Name of the fork."),
                ToolParameter(
                    "replace", .boolean, .optional, description: "true: move a heap that exists."),
            ],
            outputSchema: Self.schema(["name": "string", "version": "string"]),
            annotations: ToolAnnotations(
                effect: .destroys, repetition: .isIdempotent, world: .closed),
            call: { arguments, _ in
                await Self.result { () throws(ExecutionFailure) in try await fork(arguments) }
            })
    }

    private var deleteHeap: Tool {
        Tool(
            name: "delete_heap", title: "Delete heap",
            description: """
                Deletes a heap. For a while fork_heap from its version brings it back.
                """,
            parameters: [
                ToolParameter("heap", Self.name, .required, description: "Name.")
            ],
            outputSchema: Self.schema(["name": "string", "version": "string"]),
            annotations: ToolAnnotations(
                effect: .destroys, repetition: .isIdempotent, world: .closed),
            call: { arguments, _ in
                await Self.result { () throws(ExecutionFailure) in try await delete(arguments) }
            })
    }

    /// Only the fields' names and types: every word of a tool's schema is read by a model.
    private static func schema(_ fields: KeyValuePairs<String, String>) -> JSON {
        let properties = fields.map { ($0.key, ["type": .string($0.value)] as JSON) }
        return ["type": "object", "properties": .object(JSONObject(properties))]
    }
}
