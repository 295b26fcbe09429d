package import Logging

/// What a server is and can do: the same for all its clients, and immutable.
package struct MCPServer: Sendable {
    /// What the server says of itself.
    package let implementation: Implementation
    /// What a model reads before it sees the tools; clients cut it at 2,048 characters.
    package let instructions: String?
    /// All tools, in the order in which they are listed.
    package let tools: [Tool]
    /// How much one client may ask for.
    package let limits: ConversationLimits
    /// Calls that answer later; somebody has to run it.
    package let tasks: TaskStore
    /// What calls run on; nil for Swift's own choice.
    package let executor: (any TaskExecutor)?
    let logger: Logger
    let now: @Sendable () -> ContinuousClock.Instant

    private let toolsByName: [String: Tool]

    /// Makes a server; no two tools may have the same name.
    ///
    /// - Parameters:
    ///   - executor: what calls run on; nil for Swift's own choice.
    ///   - now: tells the time by which progress notifications are spaced.
    package init(
        implementation: Implementation, instructions: String? = nil, tools: [Tool],
        limits: ConversationLimits = ConversationLimits(), taskLimits: TaskLimits = TaskLimits(),
        executor: (any TaskExecutor)? = nil, logger: Logger = Logger(label: "mcp-v8.mcp"),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.implementation = implementation
        self.instructions = instructions
        self.tools = tools
        self.limits = limits
        self.executor = executor
        self.logger = logger
        self.now = now
        tasks = TaskStore(limits: taskLimits, now: now)
        toolsByName = Dictionary(tools.map { ($0.name, $0) }) { _, tool in
            preconditionFailure("Two tools are called \(tool.name)")
        }
    }
}

/// How much one client may ask for at a time.
package struct ConversationLimits: Hashable, Sendable {
    /// How much JSON one message may be.
    package var message: JSONLimits
    /// The most calls of tools that run at once; one more is told that the server is busy.
    package var callsInFlightMax: Int
    /// The most messages in one batch.
    package var batchCountMax: Int

    /// Sets limits.
    package init(
        message: JSONLimits = JSONLimits(), callsInFlightMax: Int = 64, batchCountMax: Int = 256
    ) {
        self.message = message
        self.callsInFlightMax = callsInFlightMax
        self.batchCountMax = batchCountMax
    }
}

// MARK: - Methods

extension MCPServer {
    /// How long a client may keep what never changes while a server runs.
    private static let cachingMilliseconds = 300_000

    /// What the extension is called that later revisions have tasks by.
    static let tasksExtension = "io.modelcontextprotocol/tasks"

    /// Whether there is a tool whose calls may take long: then there are tasks and log messages.
    var hasLongTools: Bool { tools.contains { $0.length == .long } }

    private func capabilities(for revision: ProtocolRevision) -> JSON {
        var capabilities: JSONObject = ["tools": [:]]
        guard hasLongTools else { return .object(capabilities) }
        capabilities["logging"] = [:]
        if revision.has(.tasks) {
            capabilities["tasks"] = [
                "list": [:], "cancel": [:], "requests": ["tools": ["call": [:]]],
            ]
        }
        if revision.era == .modern {
            capabilities["extensions"] = .object([MCPServer.tasksExtension: [:]])
        }
        return .object(capabilities)
    }

    /// Answers `initialize`, and says which revision the client speaks from now on.
    func initialize(
        _ parameters: JSON
    ) throws(MCPError) -> (revision: ProtocolRevision, result: JSONObject) {
        guard let requested = parameters["protocolVersion"]?.string else {
            throw .invalidParameters("\"protocolVersion\" is missing or no string")
        }
        // Never an error for an unknown version: legacy clients cannot recover from one.
        let known = ProtocolRevision(rawValue: requested).flatMap { $0.era == .legacy ? $0 : nil }
        let revision = known ?? .newestLegacy
        var result: JSONObject = [
            "protocolVersion": revision.json,
            "capabilities": capabilities(for: revision),
            "serverInfo": implementation.json(for: revision),
        ]
        result["instructions"] = instructions.map(JSON.string)
        return (revision, result)
    }

    /// Answers `server/discover`.
    func discover(for revision: ProtocolRevision) -> JSONObject {
        var result: JSONObject = [
            "supportedVersions": .array(ProtocolRevision.modern.map(\.json)),
            "capabilities": capabilities(for: revision),
        ]
        result["instructions"] = instructions.map(JSON.string)
        return result
    }

    /// Answers `tools/list`, in one page.
    func listTools(for revision: ProtocolRevision) -> JSONObject {
        ["tools": .array(tools.map { $0.json(for: revision) })]
    }

    /// Answers to what clients ask for who do not look at what a server can do: some give one up
    /// that answers with an error.
    static let emptyLists: [String: JSONObject] = [
        "resources/list": ["resources": []],
        "resources/templates/list": ["resourceTemplates": []],
        "prompts/list": ["prompts": []],
    ]

    /// The tool that a `tools/call` names, and the arguments that it gives, unchecked.
    func findTool(_ parameters: JSON) throws(MCPError) -> (tool: Tool, arguments: JSONObject) {
        guard let name = parameters["name"]?.string else {
            throw .invalidParameters("\"name\" is missing or no string")
        }
        guard let tool = toolsByName[name] else {
            throw .invalidParameters("Unknown tool: \(name.prefix(128))")
        }
        guard let arguments = parameters["arguments"], arguments != .null else {
            return (tool, [:])
        }
        guard let members = arguments.lenientObject else {
            throw .invalidParameters("\"arguments\" must be an object")
        }
        return (tool, members)
    }

    /// Whether a client may keep an answer.
    enum Caching {
        case allowed
        case notApplicable
    }

    /// Adds to a result what its revision wants in every result.
    func complete(
        _ result: JSONObject, for revision: ProtocolRevision, caching: Caching = .notApplicable,
        resultType: String = "complete"
    ) -> JSON {
        guard revision.era == .modern else { return .object(result) }
        let type = JSONObject.Member(key: "resultType", value: .string(resultType))
        var members = [type] + result.members
        if caching == .allowed {
            let milliseconds = JSONNumber(MCPServer.cachingMilliseconds)
            members.append(JSONObject.Member(key: "ttlMs", value: .number(milliseconds)))
            members.append(JSONObject.Member(key: "cacheScope", value: "public"))
        }
        let serverInfo = [(MetaKey.serverInfo.rawValue, implementation.json(for: revision))]
        members.append(JSONObject.Member(key: "_meta", value: .object(JSONObject(serverInfo))))
        return .object(JSONObject(distinct: members))
    }
}

extension JSON {
    /// The members of an object as clients send it: to some languages an empty one is an empty
    /// array, and models put one into a string.
    fileprivate var lenientObject: JSONObject? {
        switch self {
        case .object(let members): members
        case .array([]): [:]
        case .string(let text): (try? JSON(parsing: Array(text.utf8)))?.object
        default: nil
        }
    }

    /// Checks the parameters of a list that has one page.
    func checkCursor() throws(MCPError) {
        guard let cursor = self["cursor"], cursor != .null, cursor != "" else { return }
        throw .invalidParameters("Unknown cursor")
    }
}
