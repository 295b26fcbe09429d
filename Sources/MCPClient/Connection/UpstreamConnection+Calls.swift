package import MCP
import Synchronization

/// How one call is to be made.
package struct CallOptions: Sendable {
    /// How long it may take without news of its progress; nil for the usual.
    package var timeout: Duration?
    /// What goes along in `_meta`.
    package var meta: JSONObject
    /// Gets news of it, from any thread.
    package var onProgress: (@Sendable (UpstreamProgress) -> Void)?

    /// Makes options.
    package init(
        timeout: Duration? = nil, meta: JSONObject = [:],
        onProgress: (@Sendable (UpstreamProgress) -> Void)? = nil
    ) {
        self.timeout = timeout
        self.meta = meta
        self.onProgress = onProgress
    }
}

extension UpstreamConnection {
    /// Calls a tool, once: only what was certainly not sent is sent again.
    ///
    /// If the current task is cancelled, the server is told so.
    ///
    /// - Returns: the result as it came; that the tool failed is for the caller to see.
    package func call(
        tool: String, arguments: JSONObject, options: CallOptions = CallOptions()
    ) async throws(UpstreamError) -> JSONObject {
        var question = Question(
            "tools/call", ["name": .string(tool), "arguments": .object(arguments)])
        if !options.meta.members.isEmpty { question.parameters["_meta"] = .object(options.meta) }
        // Without it many servers tell of no progress, and a long call would run out of time.
        question.onProgress = options.onProgress ?? { _ in }
        return try await withInputs(question, timeout: options.timeout)
    }

    /// Reads a resource; the result has its `contents`.
    package func readResource(
        _ uri: String, options: CallOptions = CallOptions()
    ) async throws(UpstreamError) -> JSONObject {
        let question = Question("resources/read", ["uri": .string(uri)])
        return try await withInputs(question, timeout: options.timeout)
    }

    /// The resources as the server lists them; none where it has no such list.
    package func resources() async throws(UpstreamError) -> [JSONObject] {
        try await entries(of: "resources/list", in: "resources").compactMap(\.object)
    }

    /// The tools that the server offers; none where it has no such list.
    package func tools() async throws(UpstreamError) -> ToolList {
        ToolList(try await entries(of: "tools/list", in: "tools"))
    }

    /// Asks, and answers what the server of the newer era wants to know before it gives a result.
    private func withInputs(
        _ question: Question, timeout: Duration?
    ) async throws(UpstreamError) -> JSONObject {
        var question = question
        for _ in 0...limits.inputRoundCountMax {
            let result = try await request(question, timeout: timeout)
            switch result["resultType"]?.string {
            case nil, "complete": return result
            case "input_required":
                let requests = result["inputRequests"]?.object ?? [:]
                guard let responses = await inputs(for: requests) else {
                    throw UpstreamError(
                        .protocolError, "The tool asks for input that this client does not offer")
                }
                question.parameters["inputResponses"] = .object(responses)
                question.parameters["requestState"] = result["requestState"]
            case let type?: throw .badAnswer("with a result of type \(type.prefix(40))")
            }
        }
        throw .badAnswer("with one question after the other")
    }

    private func inputs(for requests: JSONObject) async -> JSONObject? {
        requests.members.isEmpty ? [:] : await inbox.inputs(for: requests)
    }

    /// All entries of a list that comes in pages.
    private func entries(
        of method: String, in member: String
    ) async throws(UpstreamError) -> [JSON] {
        var entries: [JSON] = []
        var cursors: Set<String> = []
        var question = Question(method)
        for _ in 0..<limits.pageCountMax {
            let page: JSONObject
            do throws(UpstreamError) {
                page = try await request(question, timeout: nil)
            } catch {
                // What is not there has no entries.
                if error.details["code"] == -32601 { return [] }
                throw error
            }
            guard let found = page[member]?.array else {
                throw .badAnswer("\(method) without \"\(member)\"")
            }
            entries += found
            guard entries.count <= limits.entryCountMax else {
                throw UpstreamError(
                    .tooLarge, "The server lists more than \(limits.entryCountMax) \(member)")
            }
            guard let cursor = page["nextCursor"]?.string, !cursor.isEmpty else { return entries }
            guard cursors.insert(cursor).inserted else {
                throw .badAnswer("\(method) with pages that go round in a circle")
            }
            question.parameters["cursor"] = .string(cursor)
        }
        throw UpstreamError(
            .tooLarge, "The server lists its \(member) on more than \(limits.pageCountMax) pages")
    }

    /// Asks one thing, as soon as there is room and a connection.
    private func request(
        _ question: Question, timeout: Duration?
    ) async throws(UpstreamError) -> JSONObject {
        try await gate.enter()
        defer { gate.leave() }
        var isRetry = false
        while true {
            let session = try await admit()
            let result = await ask(question, on: session, timeout: timeout)
            release(session)
            switch result {
            case .success(.success(let result)):
                state.withLock { $0.lifecycle.didSucceed() }
                return result
            case .success(.failure(let failure)): throw scrubber.scrub(UpstreamError(failure))
            case .failure(let error):
                guard error.delivery == .notSent, session.wire.isGone, !isRetry else {
                    throw scrubber.scrub(error)
                }
                isRetry = true
                await end(state.withLock { $0.lifecycle.forget { $0.is(session.wire) } })
            }
        }
    }

    private func ask(
        _ question: Question, on session: Session, timeout: Duration?
    ) async -> Result<Wire.Reply, UpstreamError> {
        // Its time begins when it is sent.
        let watch = CallWatch(
            at: timing.now(), timeout: min(timeout ?? limits.callTimeout, limits.callTimeoutMax),
            timeoutMax: limits.callTimeoutMax)
        var question = question
        if let onProgress = question.onProgress {
            question.onProgress = { [timing] news in
                watch.hasNews(at: timing.now())
                onProgress(news)
            }
        }
        let asked = question
        return await timing.within(
            { watch.deadline },
            onTimeout: { error in
                UpstreamError(
                    .timeout, "The server did not answer in time", error.delivery,
                    retry: .sensible)
            },
            {
                await Result { () async throws(UpstreamError) in
                    try await session.wire.ask(asked, as: session.dialect)
                }
            })
    }
}
