/// One call of a tool that was admitted and waits to run.
struct ToolCall: Sendable {
    /// What answers the call.
    enum Form: Sendable {
        /// Its result, however long it takes.
        case result
        /// Its result if it comes soon, else a task that the client can ask for it.
        case resultOrTask(TaskOwner)
    }

    let request: Request
    let revision: ProtocolRevision
    let tool: Tool
    let arguments: JSONObject
    let form: Form
    /// What the client wants to read of what the call logs; nil for nothing.
    let logThreshold: LogLevel?
    let cancellation: CancellationSignal
    let conversation: Conversation

    private var server: MCPServer { conversation.server }

    /// Runs the tool.
    ///
    /// - Returns: nil if the call was cancelled; the tool has ended then too.
    func run(notify: @escaping Notify) async -> Answer? {
        let context = ToolContext(
            progress: request.progressToken.map {
                ProgressReporter(token: $0, revision: revision, now: server.now, notify: notify)
            },
            log: logThreshold.map {
                LogReporter(threshold: $0, now: server.now, notify: notify)
            })
        let answer: Answer?
        switch form {
        case .result: answer = await result(context).map(self.answer)
        case .resultOrTask(let owner): answer = await resultOrTask(of: owner, context)
        }
        conversation.endCall(request.id)
        return Task.isCancelled ? nil : answer
    }

    private func result(_ context: ToolContext) async -> ToolResult? {
        let trace = trace
        // Not a child beside another one that waits for a cancellation: it is waited for all the
        // same, and costs less than half.
        let task = Task(executorPreference: server.executor) { await call(context, in: trace) }
        cancellation.onSend {
            context.close()
            task.cancel()
        }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        context.close()
        return cancellation.wasSent ? nil : result
    }

    private func call(_ context: ToolContext, in trace: RequestTrace?) async -> ToolResult {
        await RequestTrace.$current.withValue(trace) { await tool.call(arguments, context) }
    }

    /// The transport's, with the caller's place in a trace as the message itself names it.
    private var trace: RequestTrace? {
        guard let parent = request.meta(.traceparent)?.string.flatMap({ TraceParent($0) }) else {
            return RequestTrace.current
        }
        return RequestTrace(requestID: RequestTrace.current?.requestID, parent: parent)
    }

    private func answer(_ result: ToolResult) -> Answer {
        Answer(id: request.id, result: server.complete(result.json(for: revision), for: revision))
    }

    /// The call is a task from its start, so that it goes on when it turns out to be a long one.
    private func resultOrTask(of owner: TaskOwner, _ context: ToolContext) async -> Answer? {
        let beginning: TaskStore.Beginning
        let trace = trace
        do throws(MCPError) {
            beginning = try server.tasks.begin(for: owner, timeToLive: nil) { [self] tell in
                var context = context
                context.reportStatus = tell
                return await call(context, in: trace)
            }
        } catch {
            // Too many are there already: then it is a call like any other.
            return await result(context).map(self.answer)
        }
        let id = beginning.state.id
        await waitForFirst(of: beginning.ending)
        context.close()
        guard !Task.isCancelled, !cancellation.wasSent else {
            server.tasks.forget(id)
            return nil
        }
        guard let state = beginning.ending.state ?? server.tasks.find(id, of: owner) else {
            return nil
        }
        if case .ended(let result) = state.status {
            server.tasks.forget(id)
            return answer(result)
        }
        let json = state.json(for: revision, pollInterval: server.tasks.limits.pollInterval)
        return Answer(
            id: request.id,
            result: server.complete(json, for: revision, resultType: "task"))
    }

    /// Returns when the task has ended, the call was cancelled, or patience is at its end.
    private func waitForFirst(of ending: TaskEnding) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await ending.wait() }
            group.addTask { await cancellation.wait() }
            group.addTask { [server] in
                // Cancelled as soon as there is nothing to wait for.
                do { try await Task.sleep(for: server.tasks.limits.patience) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
