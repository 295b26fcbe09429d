/// Something that a model can call.
package struct Tool: Sendable {
    /// The name that calls give; `[A-Za-z0-9_.-]{1,64}`.
    package let name: String
    /// What people see.
    package let title: String
    /// What a model reads before it decides to call.
    package let description: String
    /// What it accepts; both the input schema and the check of a call's arguments.
    package let parameters: [ToolParameter]
    /// The JSON Schema of every ``ToolResult/structuredContent``, an object: failures are checked
    /// against it too, by some clients.
    package let outputSchema: JSON?
    /// What a call may change.
    package let annotations: ToolAnnotations
    /// Whether a call may take long.
    package let length: Length
    /// Does the work.
    package let call: Call

    /// How long a call may take.
    package enum Length: Hashable, Sendable {
        /// A moment.
        case short
        /// Minutes: it can be called as a task, and logs what it does.
        case long
    }

    /// Does a tool's work with arguments that were checked: each is declared, of its type and in
    /// its range, nothing required is missing, and nothing is null.
    ///
    /// It must end soon after its task is cancelled; the result is then thrown away.
    package typealias Call = @Sendable (JSONObject, ToolContext) async -> ToolResult

    /// Declares a tool.
    package init(
        name: String, title: String, description: String, parameters: [ToolParameter],
        outputSchema: JSON? = nil, annotations: ToolAnnotations, length: Length = .short,
        call: @escaping Call
    ) {
        precondition(Tool.isValid(name: name), "A tool's name is [A-Za-z0-9_.-]{1,64}")
        precondition(outputSchema?["required"] == nil, "Failures lack what successes have")
        self.name = name
        self.title = title
        self.description = description
        self.parameters = parameters
        self.outputSchema = outputSchema.map(Tool.addingError)
        self.annotations = annotations
        self.length = length
        self.call = call
    }

    /// With what failures have, the core's own too.
    private static func addingError(to schema: JSON) -> JSON {
        var members = schema.object ?? ["type": "object"]
        var properties = members["properties"]?.object ?? [:]
        properties["error"] = ["type": "object"]
        members["properties"] = .object(properties)
        return .object(members)
    }

    private static func isValid(name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8.digits, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// How `tools/list` shows this tool to clients of a revision.
    func json(for revision: ProtocolRevision) -> JSON {
        var json: JSONObject = ["name": .string(name)]
        if revision.has(.title) { json["title"] = .string(title) }
        json["description"] = .string(description)
        json["inputSchema"] = inputSchema
        if revision.has(.structuredContent) { json["outputSchema"] = outputSchema }
        if revision.has(.toolAnnotations) {
            json["annotations"] =
                revision.has(.title) ? annotations.json : annotations.json(title: title)
        }
        if revision.has(.tasks), length == .long {
            json["execution"] = ["taskSupport": "optional"]
        }
        return .object(json)
    }

    /// Only what every client's schema reader knows: some drop all tools for one odd schema.
    private var inputSchema: JSON {
        let properties = parameters.map { ($0.name, $0.schema) }
        let required = parameters.filter { $0.presence == .required }.map { JSON.string($0.name) }
        var schema: JSONObject = ["type": "object", "properties": .object(JSONObject(properties))]
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        return .object(schema)
    }
}

/// Hints on what a call may do, all four said: the protocol's defaults are the worst case.
package struct ToolAnnotations: Hashable, Sendable {
    /// What a call does to what is kept.
    package enum Effect: Hashable, Sendable {
        /// Nothing.
        case readsOnly
        /// It adds, and takes nothing away.
        case adds
        /// It may overwrite or delete.
        case destroys
    }

    /// What the same call once more does.
    package enum Repetition: Hashable, Sendable {
        /// Nothing more.
        case isIdempotent
        /// Its work again.
        case repeatsEffect
    }

    /// What a call can reach.
    package enum World: Hashable, Sendable {
        /// This server only.
        case closed
        /// Other systems too.
        case open
    }

    /// What a call does to what is kept.
    package let effect: Effect
    /// What the same call once more does.
    package let repetition: Repetition
    /// What a call can reach.
    package let world: World

    /// Says what a tool's calls may do.
    package init(effect: Effect, repetition: Repetition, world: World) {
        self.effect = effect
        self.repetition = repetition
        self.world = world
    }

    /// With the title, where a tool has none of its own.
    func json(title: String) -> JSON {
        var members = json.object ?? [:]
        members["title"] = .string(title)
        return .object(members)
    }

    var json: JSON {
        [
            "readOnlyHint": .boolean(effect == .readsOnly),
            "destructiveHint": .boolean(effect == .destroys),
            "idempotentHint": .boolean(repetition == .isIdempotent),
            "openWorldHint": .boolean(world == .open),
        ]
    }
}
