import MCP
import Testing

@testable import Transports

@Suite("stdio", .timeLimit(.minutes(5)))
struct StdioTransportTests {
    @Test("answers each line, and goes on after those that are no messages")
    func lines() async throws {
        let (client, transport) = try PipeClient.connect(to: .serving([]))
        async let running: Void = transport.run()
        await client.send("{\n\n\r\n" + ping(1).dropLast() + "\r\n[]\n" + ping(2).dropLast())
        client.closeInput()
        let codes = try await client.readToEnd().map { line in
            try JSON(parsing: Array(line.utf8))["error"]?["code"]?.integer
        }
        #expect(codes == [-32700, nil, -32600, nil])
        try await running
    }

    @Test("answers a line over the limit with an error, and goes on")
    func oversized() async throws {
        let limits = ConversationLimits(message: JSONLimits(byteCountMax: 1_000))
        let (client, transport) = try PipeClient.connect(to: .serving([], limits: limits))
        async let running: Void = transport.run()
        await client.send(String(repeating: "x", count: 200_000) + "\n" + ping(1))
        client.closeInput()
        let lines = await client.readToEnd()
        #expect(
            lines == [
                #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#
                    + #""message":"A message has at most 1000 bytes"}}"#, pong(1),
            ])
        try await running
    }

    @Test("answers in the order in which calls end, ping while they run")
    func outOfOrder() async throws {
        let (signal, began) = (Signal(), Signal())
        let server = MCPServer.serving([.waiting(for: signal, began: began)])
        let (client, transport) = try PipeClient.connect(to: server)
        async let running: Void = transport.run()
        await client.send(call("waiting", id: 1))
        await began.wait()
        await client.send(ping(2))
        #expect(await client.readLine() == pong(2))
        signal.send()
        #expect(await client.readLine()?.hasPrefix(#"{"jsonrpc":"2.0","id":1,"result""#) == true)
        client.closeInput()
        try await running
    }

    @Test("does not mix two large answers")
    func largeAnswers() async throws {
        let (client, transport) = try PipeClient.connect(
            to: .serving([.big("a"), .big("b")]), limits: StdioLimits(answering: .seconds(30)))
        async let running: Void = transport.run()
        await client.send(call("big_a", id: 1) + call("big_b", id: 2) + ping(3))
        client.closeInput()
        let answers = try await client.readToEnd().map { try JSON(parsing: Array($0.utf8)) }
        #expect(Set(answers.map { $0["id"]?.integer }) == [1, 2, 3])
        let texts = answers.compactMap { $0["result"]?["content"]?.array?.first?["text"]?.string }
        #expect(texts.map(\.utf8.count) == [1 << 20, 1 << 20])
        #expect(texts.allSatisfy { Set($0.utf8).count == 1 })
        try await running
    }

    @Test("loses nothing when its client sends more than it reads")
    func backPressure() async throws {
        let count = 20_000
        let limits = StdioLimits(answering: .zero, unwrittenByteCountMax: 1_000)
        let (client, transport) = try PipeClient.connect(to: .serving([]), limits: limits)
        async let running: Void = transport.run()
        // More than both pipes hold, so that sending ends only when answers are read.
        async let sending: Void = {
            await client.send((0..<count).map(ping).joined())
            client.closeInput()
        }()
        #expect(await client.readLine() == pong(0))
        #expect(await client.readToEnd() == (1..<count).map(pong))
        await sending
        try await running
    }

    @Test("cancels a call that its client cancels, and does not answer it")
    func cancel() async throws {
        let (began, ended) = (Signal(), Signal())
        let (client, transport) = try PipeClient.connect(
            to: .serving([.endless(began: began, ended: ended)]))
        async let running: Void = transport.run()
        await client.send(call("endless", id: 1))
        await began.wait()
        await client.send(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
                + "\n")
        await ended.wait()
        client.closeInput()
        #expect(await client.readToEnd().isEmpty)
        try await running
    }
}

@Suite("The end of stdio", .timeLimit(.minutes(5)))
struct StdioEndTests {
    @Test("cancels the calls in flight and waits for them")
    func endDuringCall() async throws {
        let (began, ended) = (Signal(), Signal())
        let (client, transport) = try PipeClient.connect(
            to: .serving([.endless(began: began, ended: ended)]))
        async let running: Void = transport.run()
        await client.send(call("endless", id: 1))
        await began.wait()
        client.closeInput()
        try await running
        await ended.wait()
    }

    @Test("lets calls that are quick enough answer")
    func answersAfterEnd() async throws {
        let (signal, began) = (Signal(), Signal())
        let server = MCPServer.serving([.waiting(for: signal, began: began)])
        let (client, transport) = try PipeClient.connect(
            to: server, limits: StdioLimits(answering: .seconds(30)))
        async let running: Void = transport.run()
        await client.send(call("waiting", id: 1))
        client.closeInput()
        await began.wait()
        signal.send()
        let lines = await client.readToEnd()
        #expect(lines.map { $0.hasPrefix(#"{"jsonrpc":"2.0","id":1,"result""#) } == [true])
        try await running
    }

    @Test("comes with the cancellation of the task, while nothing is sent")
    func taskCancelled() async throws {
        let (began, ended) = (Signal(), Signal())
        let (client, transport) = try PipeClient.connect(
            to: .serving([.endless(began: began, ended: ended)]))
        try await withThrowingTaskGroup { group in
            group.addTask { try await transport.run() }
            await client.send(call("endless", id: 1))
            await began.wait()
            group.cancelAll()
            try await group.waitForAll()
        }
        await ended.wait()
        client.closeInput()
    }

    @Test("comes when nobody reads the answers any more")
    func outputClosed() async throws {
        let (began, ended) = (Signal(), Signal())
        let (client, transport) = try PipeClient.connect(
            to: .serving([.endless(began: began, ended: ended)]))
        async let running: Void = transport.run()
        await client.send(call("endless", id: 1))
        await began.wait()
        client.closeOutput()
        try await running
        await ended.wait()
        client.closeInput()
    }

    @Test("does not wait for a client that neither reads nor goes")
    func unreadAnswers() async throws {
        let limits = StdioLimits(answering: .seconds(30), flushing: .zero)
        let (client, transport) = try PipeClient.connect(
            to: .serving([.big("a")]), limits: limits)
        async let running: Void = transport.run()
        await client.send(call("big_a", id: 1))
        client.closeInput()
        try await running
    }

    @Test("does not wait for a call that ignores its cancellation, and says so")
    func stubbornCall() async throws {
        let (began, release) = (Signal(), Signal())
        let limits = StdioLimits(answering: .zero, cancelling: .zero)
        let (client, transport) = try PipeClient.connect(
            to: .serving([.stubborn(began: began, until: release)]), limits: limits)
        async let leaving: Void = {
            await client.send(call("stubborn", id: 1))
            await began.wait()
            client.closeInput()
        }()
        await #expect(throws: TransportError.callsDidNotEnd(count: 1)) {
            try await transport.run()
        }
        await leaving
        release.send()
    }
}

@Suite("The transport in a process")
struct InProcessTransportTests {
    @Test("carries requests and answers")
    func exchange() async throws {
        let transport = InProcessTransport(to: .serving([]))
        let answer = try await transport.exchange(["jsonrpc": "2.0", "id": 1, "method": "ping"])
        #expect(answer == ["jsonrpc": "2.0", "id": 1, "result": [:]])
    }

    @Test("carries nothing back for a notification")
    func notification() async throws {
        let transport = InProcessTransport(to: .serving([]))
        #expect(try await transport.exchange(["jsonrpc": "2.0", "method": "x"]) == nil)
    }
}
