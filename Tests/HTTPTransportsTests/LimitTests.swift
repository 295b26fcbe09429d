import HTTPTypes
import MCP
import NIOCore
import Synchronization
import Testing

@testable import HTTPTransports

@Suite("Allowances")
struct AllowancesTests {
    /// A clock that a test turns.
    private final class Hands: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func turn(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    @Test("let so many through at once, and then one after each interval")
    func rate() {
        let hands = Hands()
        let allowances = Allowances<String>(burst: 3, interval: .seconds(2)) { hands.now }
        for _ in 1...3 { #expect(allowances.take(from: "a") == nil) }
        #expect(allowances.take(from: "a") == .seconds(2))
        hands.turn(.seconds(1))
        #expect(allowances.waiting(for: "a") == .seconds(1))
        hands.turn(.seconds(1))
        #expect(allowances.take(from: "a") == nil)
        #expect(allowances.take(from: "a") == .seconds(2))
    }

    @Test("are each owner's own")
    func owners() {
        let allowances = Allowances<String>(burst: 1, interval: .seconds(2))
        #expect(allowances.take(from: "a") == nil)
        #expect(allowances.take(from: "a") != nil)
        #expect(allowances.take(from: "b") == nil)
    }

    @Test("do not grow beyond their burst")
    func idleness() {
        let hands = Hands()
        let allowances = Allowances<String>(burst: 2, interval: .seconds(1)) { hands.now }
        hands.turn(.seconds(100))
        let taken = (1...5).count { _ in allowances.take(from: "a") == nil }
        #expect(taken == 2)
    }

    @Test("are forgotten where there are too many owners")
    func tooManyOwners() {
        let limit = 4
        let allowances = Allowances<Int>(burst: 1, interval: .seconds(60), ownerCountMax: limit)
        for owner in 0..<limit { _ = allowances.take(from: owner) }
        #expect(allowances.take(from: 0) != nil)
        #expect(allowances.take(from: limit) == nil)
        #expect(allowances.take(from: 0) == nil)
    }
}

@Suite("Client addresses")
struct ClientAddressTests {
    private func address(_ text: String) throws -> ClientAddress {
        ClientAddress(try SocketAddress(ipAddress: text, port: 1))
    }

    @Test("are the same in both families, and in one network of IPv6")
    func sameness() throws {
        #expect(try address("192.0.2.1") == address("::ffff:192.0.2.1"))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("2001:db8::1") == address("2001:db8::ffff:1"))
        #expect(try address("2001:db8::1") != address("2001:db8:0:1::1"))
    }

    @Test(
        "know this machine",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true),
            ("192.0.2.1", false), ("::2", false), ("2001:db8::1", false), ("1.0.0.127", false),
        ])
    func loopback(_ text: String, _ isLoopback: Bool) throws {
        #expect(try address(text).isLoopback == isLoopback)
    }

    @Test("have so many connections and no more, unless they are this machine's")
    func census() throws {
        let (near, far) = (try address("127.0.0.1"), try address("192.0.2.1"))
        let census = ConnectionCensus(limit: AddressLimit(2))
        #expect((1...3).map { _ in census.enter(far) } == [true, true, false])
        #expect((1...3).map { _ in census.enter(near) } == [true, true, true])
        census.leave(far)
        #expect(census.enter(far))
        #expect(census.count == 5)
        #expect(!ConnectionCensus(limit: AddressLimit(0, for: .everyone)).enter(near))
    }
}

@Suite("Limits of a transport", .timeLimit(.minutes(5)))
struct TransportLimitTests {
    private static let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

    @Test("refuse a rate that is too high, and say when to come again")
    func rate() async throws {
        var limits = HTTPLimits()
        limits.requestRate = RequestRate(perSecond: 1, burst: 2)
        try await TestHTTP.serving(limits: limits) { http in
            let responses = try await withThrowingTaskGroup { group in
                for _ in 1...20 { group.addTask { try await http.post(TestHTTP.initialize) } }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(responses.count { $0.hasPrefix("HTTP/1.1 200 ") } >= 2)
            let refused = try #require(responses.first { $0.hasPrefix("HTTP/1.1 429 ") })
            #expect(refused.contains("Retry-After: "))
            let probe = try await http.send(Self.health + "\r\n")
            #expect(probe.hasPrefix("HTTP/1.1 200 "), "a probe is never refused for others' haste")
        }
    }

    @Test("refuse who guesses tokens")
    func failures() async throws {
        var limits = HTTPLimits()
        limits.failuresPerMinute = AddressLimit(2, for: .everyone)
        let token = "0123456789abcdef"
        let authentication = Authentication(tokens: try BearerTokens(file: token))
        try await TestHTTP.serving(limits: limits, authentication: authentication) { http in
            for _ in 1...5 {
                let response = try await http.post(TestHTTP.initialize)
                #expect(response.hasPrefix("HTTP/1.1 401 "), "no token is no guess")
            }
            for _ in 1...2 {
                let response = try await http.post(TestHTTP.initialize, "Authorization: Bearer x")
                #expect(response.hasPrefix("HTTP/1.1 401 "))
            }
            let good = "Authorization: Bearer \(token)"
            let response = try await http.post(TestHTTP.initialize, good)
            #expect(response.hasPrefix("HTTP/1.1 429 "))
            let seconds = response.firstMatch(of: /Retry-After: (\d+)\r\n/).flatMap { Int($0.1) }
            #expect((1...30).contains(try #require(seconds)))
        }
    }

    @Test("refuse more requests at a time than there may be")
    func requestsInFlight() async throws {
        var limits = HTTPLimits()
        limits.requestsInFlightMax = 1
        let (began, release) = (Signal(), Signal())
        try await TestHTTP.serving(
            [.waiting(for: release, began: began)], limits: limits
        ) { http in
            let (message, headers) = TestHTTP.call("waiting")
            async let first = http.post(message, headers)
            await began.wait()
            let second = try await http.post(TestHTTP.initialize)
            #expect(second.hasPrefix("HTTP/1.1 503 ") && second.contains("Retry-After: 1\r\n"))
            release.send()
            _ = try await first
            let third = try await http.post(TestHTTP.initialize)
            #expect(third.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("close one connection too many of one address")
    func connections() async throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddress = AddressLimit(0, for: .everyone)
        let refused = Mutex(0)
        let probes = HTTPProbes(onRefusedConnection: { refused.withLock { $0 += 1 } })
        try await TestHTTP.serving(limits: limits, probes: probes) { http in
            let response = try await http.send(Self.health + "\r\n")
            #expect(response == "")
            #expect(refused.withLock { $0 } == 1)
        }
    }

    @Test(
        "refuse heads that are too large, in their own words",
        arguments: [
            ("X: " + String(repeating: "x", count: 17 << 10) + "\r\n\r\n", "431"),
            (String(repeating: "X: x\r\n", count: 101) + "\r\n", "431"),
            ("X: x\r\n folded\r\n\r\n", "400"),
            ("Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
            ("X : x\r\n\r\n", "400"),
            ("Transfer-Encoding: gzip, chunked\r\n\r\n", "501"),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", "501"),
            ("Transfer-Encoding: chunked, chunked\r\n\r\n", "400"),
            ("Content-Length: +1\r\n\r\n", "400"),
        ])
    func heads(_ rest: String, _ status: String) async throws {
        try await TestHTTP.serving { http in
            let response = try await http.send(Self.health + rest)
            #expect(response.hasPrefix("HTTP/1.1 \(status) "), "\(response.prefix(200))")
            #expect(response.contains("\"jsonrpc\":\"2.0\"") && response.contains("close"))
        }
    }

    @Test("leave some of the requests at a time to others than one token")
    func inFlightOfOne() throws {
        var limits = HTTPLimits()
        limits.requestsInFlightMax = 4
        let admission = Admission(policy: AccessPolicy(), limits: limits)
        for _ in 1...3 { try admission.beginRequest(of: .subject("alice")) }
        #expect(throws: Refusal.self) { try admission.beginRequest(of: .subject("alice")) }
        try admission.beginRequest(of: .subject("bob"))
        #expect(throws: Refusal.self) { try admission.beginRequest(of: .subject("bob")) }
        admission.endRequest(of: .subject("alice"))
        try admission.beginRequest(of: .subject("alice"))
        #expect(admission.requestCount == 4)
        let open = Admission(policy: AccessPolicy(), limits: limits)
        for _ in 1...4 { try open.beginRequest(of: .anyone) }
        #expect(throws: Refusal.self) { try open.beginRequest(of: .anyone) }
    }

    @Test("refuse a target that is too long")
    func target() async throws {
        try await TestHTTP.serving { http in
            let path = "/" + String(repeating: "a", count: 9 << 10)
            let response = try await http.send(
                "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(response.hasPrefix("HTTP/1.1 414 "), "\(response.prefix(200))")
        }
    }

    @Test("close a connection on which a second head comes by drops")
    func slowSecondHead() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(10)
        try await TestHTTP.serving(limits: limits) { http in
            let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let response = try await http.send(whole, after: "ok\n", "GET /healthz HT")
            #expect(response.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("close a connection whose client does not read")
    func writeStall() async throws {
        var limits = HTTPLimits()
        limits.writeStall = .milliseconds(500)
        let text = String(repeating: "x", count: 32 << 20)
        let tool = Tool.named("large") { _, _ in ToolResult(.success, text: text) }
        let ended = Signal()
        let probes = HTTPProbes(onOutcome: { _ in ended.send() })
        try await TestHTTP.serving([tool], limits: limits, probes: probes) { http in
            let (message, headers) = TestHTTP.call("large")
            try await http.postAndReadNothing(message, headers) { await ended.wait() }
        }
    }
}
