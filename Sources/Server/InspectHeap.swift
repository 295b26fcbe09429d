internal import Execution
internal import Heaps
internal import MCP
internal import WorkerProtocol

/// The tool `inspect_heap`: what scripts left behind, without running any code of theirs.
struct InspectHeap: Sendable {
    private let service: ExecutionService
    private let byteCountMax: Int

    init(service: ExecutionService, settings: Settings) {
        self.service = service
        byteCountMax = settings.limits.outputByteCountMax
    }

    /// The tool as clients see it.
    var tool: Tool {
        let name = ToolParameter.Kind.string(byteCountMax: InspectRequest.textByteCountMax)
        return Tool(
            name: "inspect_heap", title: "Inspect heap",
            description: "Lists a heap's variables without running code.",
            parameters: [
                ToolParameter("heap", name, .required, description: "A heap or version."),
                ToolParameter(
                    "depth", .integer(0...5), .optional,
                    description: "Levels of content. Default 0."),
                ToolParameter(
                    "limit", .integer(1...1000), .optional, description: "Default 100."),
                ToolParameter(
                    "find", name, .optional,
                    description: "List places with this text in a name, string or function."),
            ],
            outputSchema: [
                "type": "object",
                "properties": [
                    "variables": ["type": "array"], "matches": ["type": "array"],
                ],
            ],
            annotations: ToolAnnotations(
                effect: .readsOnly, repetition: .isIdempotent, world: .closed),
            call: { arguments, _ in await answer(arguments) })
    }

    private func answer(_ arguments: JSONObject) async -> ToolResult {
        do throws(ExecutionFailure) {
            let heap = arguments["heap"]?.string ?? ""
            let limit = UInt32(clamping: arguments["limit"]?.integer ?? 100)
            let depth = UInt32(clamping: arguments["depth"]?.integer ?? 0)
            let question: InspectRequest.Question =
                arguments["find"]?.string.map { .places(of: $0, countMax: limit) }
                ?? .variables(depth: depth, countMax: limit)
            let found = try await service.inspect(heap, question, byteCountMax: byteCountMax)
            var json: JSONObject = ["heap": .string(heap)]
            for member in found.members { json[member.key] = member.value }
            return .structured(json)
        } catch {
            return error.toolResult
        }
    }
}

extension ExecutionService {
    /// Looks into a heap; the answer says which version it is of.
    func inspect(
        _ heap: String, _ question: InspectRequest.Question, byteCountMax: Int,
        timeout: Duration? = nil,
        quarantined: InspectionRequest.QuarantinedHeaps = .refuse
    ) async throws(ExecutionFailure) -> JSONObject {
        let reference: HeapReference
        do throws(HeapError) { reference = try HeapReference(heap) } catch {
            throw ExecutionFailure(error)
        }
        let inspection = try await inspect(
            InspectionRequest(
                heap: reference, question: question, byteCountMax: byteCountMax,
                timeout: timeout, quarantined: quarantined))
        var json: JSONObject = ["version": .string(inspection.version.text)]
        // A worker's bytes are not taken for JSON until they were read as such.
        let limits = JSONLimits(byteCountMax: inspection.json.count)
        guard let found = try? JSON(parsing: inspection.json, limits: limits).object else {
            throw ExecutionFailure(.workerLost, "The worker's answer makes no sense.")
        }
        for member in found.members { json[member.key] = member.value }
        return json
    }
}
