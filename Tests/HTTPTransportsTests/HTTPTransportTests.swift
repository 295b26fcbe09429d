@testable import HTTPTransports
import MCP
import Testing

@Suite("HTTP transport", .timeLimit(.minutes(5)))
struct HTTPTransportTests {
    private static let quick = Tool.named("quick") { _, _ in ToolResult(.success, text: "done") }

    @Test("answers with JSON what comes at once")
    func json() async throws {
        var limits = HTTPLimits()
        limits.streamDelay = .seconds(60)
        try await TestHTTP.serving([Self.quick], limits: limits) { http in
            let (message, headers) = TestHTTP.call("quick")
            let response = try await http.post(message, headers)
            #expect(response.contains("HTTP/1.1 200 OK\r\n"))
            #expect(response.contains("Content-Type: application/json\r\n"))
            #expect(response.contains("done"))
        }
    }

    @Test("answers with a stream what comes later, and shows that it is alive until then")
    func stream() async throws {
        var limits = HTTPLimits()
        limits.streamDelay = .milliseconds(10)
        limits.keepAlive = .milliseconds(10)
        let signal = Signal()
        let tool = Tool.named("slow") { _, _ in
            await signal.wait()
            return ToolResult(.success, text: "done")
        }
        try await TestHTTP.serving([tool], limits: limits) { http in
            let (message, headers) = TestHTTP.call("slow")
            let begin = try await http.post(message, headers, until: "\r\n:\n\n\r\n3\r\n:\n\n")
            #expect(begin.contains("Content-Type: text/event-stream\r\n"))
            async let response = http.post(message, headers)
            signal.send()
            let text = try await response
            #expect(text.contains("event: message\ndata: {") || text.contains("\r\n\r\n{"))
        }
    }

    @Test("streams from the first notification on")
    func notification() async throws {
        var limits = HTTPLimits()
        limits.streamDelay = .seconds(3600)
        try await TestHTTP.serving([.waiting(for: Signal())], limits: limits) { http in
            let (message, headers) = TestHTTP.call("waiting")
            let begin = try await http.post(message, headers, until: "notifications/progress")
            #expect(begin.contains("Content-Type: text/event-stream\r\n"))
        }
    }

    @Test("cancels the call of a modern client that closes its connection")
    func cancellation() async throws {
        let (began, ended) = (Signal(), Signal())
        let tool = Tool.named("endless") { _, context in
            context.reportProgress("begun")
            began.send()
            await Signal().wait()
            ended.send()
            return ToolResult(.failure, text: "cancelled")
        }
        try await TestHTTP.serving([tool]) { http in
            let (message, headers) = TestHTTP.call("endless")
            _ = try await http.post(message, headers, until: "begun")
            await ended.wait()
        }
    }

    @Test("keeps a session for its time")
    func sessions() async throws {
        var limits = HTTPLimits()
        limits.sessionIdle = .zero
        limits.sessionsMax = 1
        try await TestHTTP.serving(limits: limits) { http in
            let response = try await http.post(TestHTTP.initialize)
            let id = try #require(response.firstMatch(of: /Mcp-Session-Id: (\S+)\r\n/)?.1)
            let later = try await http.post(TestHTTP.ping, "Mcp-Session-Id: \(id)")
            #expect(later.hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test("takes so many sessions and no more")
    func sessionsMax() async throws {
        var limits = HTTPLimits()
        limits.sessionsMax = 1
        try await TestHTTP.serving(limits: limits) { http in
            let response1 = try await http.post(TestHTTP.initialize)
            #expect(response1.hasPrefix("HTTP/1.1 200 "))
            let second = try await http.post(TestHTTP.initialize)
            #expect(second.hasPrefix("HTTP/1.1 503 ") && second.contains("Retry-After"))
            #expect(!second.contains("Mcp-Session-Id"))
        }
    }

    @Test("takes so many streams and no more")
    func streamsMax() async throws {
        var limits = HTTPLimits()
        limits.streamsMax = 0
        try await TestHTTP.serving(limits: limits) { http in
            let request = "GET /sse HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let response2 = try await http.send(request)
            #expect(response2.hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test("reads a body of the largest size and none that is larger")
    func bodySize() async throws {
        var limits = HTTPLimits()
        limits.bodyByteCountMax = TestHTTP.initialize.utf8.count
        try await TestHTTP.serving(limits: limits) { http in
            let response3 = try await http.post(TestHTTP.initialize)
            #expect(response3.hasPrefix("HTTP/1.1 200 "))
            let response4 = try await http.post(TestHTTP.initialize + " ")
            #expect(response4.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("closes a connection whose body or head does not come")
    func slowness() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(10)
        limits.headTimeout = .milliseconds(10)
        limits.connectionIdle = .milliseconds(10)
        try await TestHTTP.serving(limits: limits) { http in
            let head = TestHTTP.head(TestHTTP.ping, path: "/mcp")
            let response5 = try await http.send(head, "{")
            #expect(response5 == "")
            let response6 = try await http.send("POST /mcp HTTP/1.1\r\nHost:")
            #expect(response6 == "")
            let response7 = try await http.send("")
            #expect(response7 == "")
        }
    }

    @Test("closes a connection on which a refused body goes on and on")
    func linger() async throws {
        var limits = HTTPLimits()
        limits.linger = .milliseconds(500)
        try await TestHTTP.serving(limits: limits) { http in
            let head = """
                POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                Content-Length: 1000000\r\n\r\n
                """
            let response = try await http.send(head, "{")
            #expect(response.hasPrefix("HTTP/1.1 415 ") && response.contains("Connection: close"))
        }
    }
}

@Suite("Event queue")
struct EventQueueTests {
    @Test("drops notifications that nobody reads, and makes room when they are written")
    func notifications() async {
        var limits = HTTPLimits()
        limits.notificationByteCountMax = 2
        let queue = EventQueue(limits: limits)
        for byte in 1...3 { queue.notify([UInt8(byte)]) }
        var iterator = queue.events.makeAsyncIterator()
        if let first = await iterator.next() { queue.didWrite(first) }
        queue.notify([4])
        queue.finish()
        var rest: [[UInt8]] = []
        while case .notification(let bytes)? = await iterator.next() { rest.append(bytes) }
        #expect(rest == [[2], [4]])
    }

    @Test("knows when its reader is too slow to ask for more")
    func overfull() throws {
        var limits = HTTPLimits()
        limits.unwrittenByteCountMax = 10
        let queue = EventQueue(limits: limits)
        let answer = Answer(error: .invalidRequest("x"))
        #expect(!queue.isOverfull)
        queue.answer(answer)
        #expect(queue.isOverfull)
        queue.didWrite(.answer(answer))
        #expect(!queue.isOverfull)
    }
}
