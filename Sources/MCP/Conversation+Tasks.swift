extension Conversation {
    /// Whether a client of this request knows tasks: in the revision that has them at its core, by
    /// its capabilities in the ones that have them as an extension.
    func knowsTasks(_ request: Request, _ revision: ProtocolRevision) -> Bool {
        guard server.hasLongTools else { return false }
        switch revision.era {
        case .legacy: return revision.has(.tasks)
        case .modern:
            let extensions = request.meta(.clientCapabilities)?["extensions"]
            return extensions?[MCPServer.tasksExtension]?.isObject ?? false
        }
    }

    /// How a call is to be answered.
    func form(of request: Request, _ tool: Tool, _ revision: ProtocolRevision) -> ToolCall.Form {
        guard revision.era == .modern, tool.length == .long, knowsTasks(request, revision) else {
            return .result
        }
        return .resultOrTask(taskOwner(in: .modern))
    }

    /// Starts a call as a task, where its client wants that; nil where it does not.
    func beginTask(
        _ request: Request, _ tool: Tool, _ arguments: JSONObject, _ revision: ProtocolRevision
    ) throws(MCPError) -> Exchange.Reply? {
        guard revision.era == .legacy, knowsTasks(request, revision),
            let wish = request.parameters["task"], wish != .null
        else { return nil }
        guard wish.isObject else { throw .invalidParameters("\"task\" must be an object") }
        guard tool.length == .long else {
            throw .methodNotFound("tools/call of \(tool.name) as a task")
        }
        let context = try taskContext(of: request, revision)
        let beginning = try server.tasks.begin(
            for: taskOwner(in: .legacy), timeToLive: wish["ttl"]?.integer.map(Duration.atLeastZero),
            onEnd: { [self] state in
                context.close()
                // Who cancels a task is told so by the answer, and may be gone right after it.
                guard case .ended = state.status else { return }
                notify?(endNotification(of: state, for: revision))
            },
            { tell in
                var context = context
                context.reportStatus = tell
                return await tool.call(arguments, context)
            })
        let task = json(of: beginning.state, for: revision)
        return .answer(
            Answer(
                id: request.id, result: server.complete(["task": .object(task)], for: revision)))
    }

    /// Where a task's progress and log messages go while it works, on transports that can send them
    /// when no request is open.
    private func taskContext(
        of request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> ToolContext {
        let threshold = try logThreshold(of: request, revision)
        guard let notify else { return ToolContext() }
        return ToolContext(
            progress: request.progressToken.map {
                ProgressReporter(token: $0, revision: revision, now: server.now, notify: notify)
            },
            log: threshold.map {
                LogReporter(threshold: $0, now: server.now, notify: notify)
            })
    }

    private func endNotification(
        of state: TaskState, for revision: ProtocolRevision
    ) -> [UInt8] {
        let notification: JSON = [
            "jsonrpc": "2.0", "method": "notifications/tasks/status",
            "params": .object(json(of: state, for: revision)),
        ]
        return notification.encoded()
    }

    /// What the extension has: no list, and no waiting for a result.
    private static let modernTaskMethods: Set = ["tasks/get", "tasks/update", "tasks/cancel"]

    /// Answers `tasks/…`.
    func handleTasks(
        _ request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> Exchange.Reply {
        let isKnown =
            revision.era == .modern
            ? Self.modernTaskMethods.contains(request.method) : revision.has(.tasks)
        guard server.hasLongTools, isKnown else {
            throw .methodNotFound(String(request.method.prefix(128)))
        }
        guard knowsTasks(request, revision) else {
            throw .missingCapability(extension: MCPServer.tasksExtension)
        }
        let result: JSONObject
        switch (request.method, revision.era) {
        case ("tasks/list", .legacy): result = try listTasks(request, revision)
        case ("tasks/result", .legacy): return try beginWait(request, revision)
        case ("tasks/get", _):
            let state = try task(of: request, revision)
            result = detailed(state, for: revision)
        case ("tasks/cancel", .legacy):
            guard try task(of: request, revision).isWorking else {
                throw .invalidParameters("The task has ended already")
            }
            result = json(of: try cancelTask(of: request, revision), for: revision)
        case ("tasks/cancel", .modern):
            _ = try cancelTask(of: request, revision)
            result = [:]
        case ("tasks/update", .modern):
            // Nothing is ever asked of a client, so whatever it answers belongs to nothing.
            _ = try task(of: request, revision)
            result = [:]
        default: throw .methodNotFound(String(request.method.prefix(128)))
        }
        return .answer(Answer(id: request.id, result: server.complete(result, for: revision)))
    }

    private func task(
        of request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> TaskState {
        guard let id = request.parameters["taskId"]?.string else {
            throw .invalidParameters("\"taskId\" is missing or no string")
        }
        guard let state = server.tasks.find(id, of: taskOwner(in: revision.era)) else {
            throw .taskNotFound
        }
        return state
    }

    private func cancelTask(
        of request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> TaskState {
        let state = try task(of: request, revision)
        return server.tasks.cancel(state.id, of: state.owner) ?? state
    }

    private func listTasks(
        _ request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> JSONObject {
        try request.parameters.checkCursor()
        let tasks = server.tasks.all(of: taskOwner(in: revision.era))
        return ["tasks": .array(tasks.map { .object(json(of: $0, for: revision)) })]
    }

    private func json(of state: TaskState, for revision: ProtocolRevision) -> JSONObject {
        state.json(for: revision, pollInterval: server.tasks.limits.pollInterval)
    }

    /// A task with its result, in the revisions that have both in one.
    private func detailed(_ state: TaskState, for revision: ProtocolRevision) -> JSONObject {
        var json = json(of: state, for: revision)
        if revision.era == .modern, case .ended(let result) = state.status {
            var content: JSONObject = ["resultType": "complete"]
            for member in result.json(for: revision).members { content[member.key] = member.value }
            json["result"] = .object(content)
        }
        return json
    }

    private func beginWait(
        _ request: Request, _ revision: ProtocolRevision
    ) throws(MCPError) -> Exchange.Reply {
        let state = try task(of: request, revision)
        guard let ending = server.tasks.ending(of: state.id, of: state.owner) else {
            throw .taskNotFound
        }
        let cancellation = CancellationSignal()
        switch admit(request.id, cancellation) {
        case .duplicate: throw .duplicateID
        case .busy: throw .busy("Too many requests of this client are open already")
        case .admitted:
            let wait = TaskWait(
                request: request, revision: revision, taskID: state.id, ending: ending,
                cancellation: cancellation, conversation: self)
            return .pending(PendingAnswer(content: .wait(wait)))
        }
    }
}

/// A client's wait for the result of a task.
struct TaskWait: Sendable {
    let request: Request
    let revision: ProtocolRevision
    let taskID: String
    let ending: TaskEnding
    let cancellation: CancellationSignal
    let conversation: Conversation

    /// Waits until the task has ended.
    ///
    /// - Returns: nil if the client does not want to wait any more; the task goes on.
    func run() async -> Answer? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await ending.wait() }
            group.addTask { await cancellation.wait() }
            await group.next()
            group.cancelAll()
        }
        conversation.endCall(request.id)
        if Task.isCancelled || cancellation.wasSent { return nil }
        guard case .ended(let result) = ending.state?.status else {
            return Answer(
                error: .invalidParameters("The task was cancelled: it has no result"),
                id: request.id)
        }
        var json = result.json(for: revision)
        json["_meta"] = ["io.modelcontextprotocol/related-task": ["taskId": .string(taskID)]]
        return Answer(
            id: request.id, result: conversation.server.complete(json, for: revision))
    }
}

extension MCPError {
    fileprivate static let taskNotFound = MCPError.invalidParameters(
        "Task not found: there is none of this id, it has expired, or newer results took its place")
}

extension Duration {
    fileprivate static func atLeastZero(milliseconds: Int) -> Duration {
        .milliseconds(max(0, milliseconds))
    }
}
