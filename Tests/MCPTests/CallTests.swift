import MCP
import Testing

@Suite("Calls", .timeLimit(.minutes(5)))
struct CallTests {
    private static func call(_ revision: ProtocolRevision, id: String = "7") -> String {
        revision.era == .modern
            ? Message.modern(
                "tools/call", #""name":"endless""#, id: id,
                meta: Message.meta + #","progressToken":"p""#)
            : Message.legacy(
                "tools/call", #"{"name":"endless","_meta":{"progressToken":"p"}}"#, id: id)
    }

    @Test(
        "end when they are cancelled, and nothing more is said of them",
        arguments: ProtocolRevision.allCases)
    func cancelled(revision: ProtocolRevision) async {
        let (began, ended) = (Signal(), Signal())
        let client = TestClient(tools: [.endless(began: began, ended: ended)])
        await client.initialize(revision)
        let recorder = Recorder()
        async let answer = client.answer(to: CallTests.call(revision), recorder: recorder)
        await began.wait()
        #expect(await client.answer(to: Message.cancel("7")) == nil)
        #expect(await answer == nil)
        await ended.wait()
        #expect(recorder.all.count == 1)
    }

    @Test("are not cancelled by an id of another type", arguments: ["\"7\"", "7.0", "70", "null"])
    func otherID(id: String) async throws {
        let began = Signal()
        let client = TestClient(tools: [.endless(began: began)])
        async let answer = client.answer(to: CallTests.call(.july2026))
        await began.wait()
        #expect(await client.answer(to: Message.cancel(id)) == nil)
        let duplicate = try await client.json(of: CallTests.call(.july2026))
        #expect(duplicate["error"]?["code"] == -32600)
        client.conversation.cancelCalls()
        #expect(await answer == nil)
    }

    @Test("that are cancelled before they run are not answered either")
    func cancelledEarly() async {
        let client = TestClient(tools: [.endless(began: Signal())])
        let exchange = client.conversation.receive(Array(CallTests.call(.july2026).utf8))
        _ = await client.answer(to: Message.cancel("7"))
        #expect(await exchange.reply.run { _ in } == nil)
    }

    @Test("end when their task is cancelled, as when an HTTP client goes away")
    func taskCancelled() async {
        let (began, ended) = (Signal(), Signal())
        let client = TestClient(tools: [.endless(began: began, ended: ended)])
        await withTaskGroup { group in
            group.addTask { #expect(await client.answer(to: CallTests.call(.july2026)) == nil) }
            await began.wait()
            group.cancelAll()
        }
        await ended.wait()
    }

    @Test("in a batch are cancelled by themselves")
    func batch() async throws {
        let began = Signal()
        let client = TestClient(tools: [.endless(began: began), .three])
        let other = Message.legacy(
            "tools/call", #"{"name":"run_js","arguments":{"code":"3"}}"#, id: "8")
        async let answer = client.json(of: "[\(CallTests.call(.march2025)),\(other)]")
        await began.wait()
        _ = await client.answer(to: Message.cancel("7"))
        #expect(try await answer.array?.map { $0["id"]?.text } == ["8"])
    }

    @Test("of a cancelled initialize do not exist: it was answered already")
    func initializeCancel() async throws {
        let client = TestClient()
        await client.initialize(.june2025)
        #expect(await client.answer(to: Message.cancel("0")) == nil)
        #expect(client.conversation.negotiatedRevision == .june2025)
    }
}

@Suite("Progress")
struct ProgressTests {
    private func reporting(_ body: @escaping @Sendable (ToolContext) -> Void) -> Tool {
        Tool(
            name: "work", title: "Work", description: "Reports.", parameters: [],
            annotations: .harmless,
            call: { _, context in
                body(context)
                return ToolResult(.success, text: "done")
            })
    }

    private func notifications(
        meta: String, _ body: @escaping @Sendable (ToolContext, ManualTime) -> Void
    ) async throws -> [JSON] {
        let time = ManualTime()
        let recorder = Recorder()
        let client = TestClient(tools: [reporting { body($0, time) }], time: time)
        let call = Message.legacy("tools/call", #"{"name":"work","_meta":{\#(meta)}}"#)
        _ = await client.answer(to: call, recorder: recorder)
        return try recorder.all.map { try JSON(parsing: Array($0.utf8)) }
    }

    @Test(
        "is sent with the token that the client gave",
        arguments: ["1", "\"a\"", "12345678901234567890"])
    func token(token: String) async throws {
        let sent = try await notifications(meta: #""progressToken":\#(token)"#) { context, _ in
            #expect(context.isProgressWanted)
            context.reportProgress("x")
        }
        #expect(sent.map { $0["params"]?["progressToken"]?.text } == [token])
    }

    @Test(
        "is not sent without a token",
        arguments: ["", #""progressToken":null"#, #""progressToken":1.5"#])
    func noToken(meta: String) async throws {
        let sent = try await notifications(meta: meta) { context, _ in
            #expect(!context.isProgressWanted)
            context.reportProgress("x")
        }
        #expect(sent.isEmpty)
    }

    @Test("comes at most five times a second, and always higher")
    func paced() async throws {
        let sent = try await notifications(meta: #""progressToken":1"#) { context, time in
            for millisecond in 0...400 {
                context.reportProgress("\(millisecond)")
                time.advance(by: .milliseconds(1))
            }
        }
        #expect(sent.map { $0["params"]?["progress"]?.integer } == [1, 2, 3])
        #expect(sent.map { $0["params"]?["message"]?.string } == ["0", "200", "400"])
    }

    @Test("has a message of at most 500 characters")
    func long() async throws {
        let sent = try await notifications(meta: #""progressToken":1"#) { context, _ in
            context.reportProgress(String(repeating: "é", count: 501))
        }
        #expect(sent.first?["params"]?["message"]?.string?.count == 500)
    }

    @Test(
        "has a message where the revision knows it",
        arguments: [
            (ProtocolRevision.november2024, nil), (.march2025, "x"), (.june2025, "x"),
            (.november2025, "x"),
        ] as [(ProtocolRevision, String?)])
    func message(revision: ProtocolRevision, expected: String?) async throws {
        let client = TestClient(tools: [reporting { $0.reportProgress("x") }])
        await client.initialize(revision)
        let recorder = Recorder()
        let call = Message.legacy("tools/call", #"{"name":"work","_meta":{"progressToken":1}}"#)
        _ = await client.answer(to: call, recorder: recorder)
        let sent = try JSON(parsing: Array(recorder.all.joined().utf8))
        #expect(sent["params"]?["message"]?.string == expected)
        #expect(sent["params"]?["progress"] == 1)
    }

    @Test("is never sent after the answer")
    func afterAnswer() async throws {
        let (contexts, continuation) = AsyncStream<ToolContext>.makeStream()
        let time = ManualTime()
        let client = TestClient(tools: [reporting { continuation.yield($0) }], time: time)
        let recorder = Recorder()
        let call = Message.legacy("tools/call", #"{"name":"work","_meta":{"progressToken":1}}"#)
        _ = await client.answer(to: call, recorder: recorder)
        continuation.finish()
        for await context in contexts { context.reportProgress("late") }
        #expect(recorder.all.isEmpty)
    }
}
