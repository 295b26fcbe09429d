import MCP
import Testing

@testable import MCPClient

@Suite("A handshake")
struct HandshakeTests {
    private static let modern: JSONObject = ["supportedVersions": ["2026-07-28"]]
    private static let legacy: JSONObject = ["protocolVersion": "2025-03-26"]
    private static let refusal = RPCFailure(code: -32601, message: "no")

    @Test("ends where the newer era is known")
    func known() {
        var handshake = Handshake(.automatic)
        #expect(handshake.first == .probe(.july2026))
        let first = handshake.next(after: .result(Self.modern))
        #expect(first == .ready(Greeting(.july2026, Self.modern)))
    }

    @Test("goes on in the older era after a refusal")
    func refused() {
        var handshake = Handshake(.automatic)
        let first = handshake.next(after: .failure(Self.refusal))
        #expect(first == .initialize(.november2025, .same))
        let second = handshake.next(after: .result(Self.legacy))
        #expect(second == .ready(Greeting(.march2025, Self.legacy)))
    }

    @Test("asks in the newer era again, if the first question may only have been late")
    func late() {
        var handshake = Handshake(.automatic)
        let first = handshake.next(after: .silence)
        #expect(first == .initialize(.november2025, .same))
        let second = handshake.next(after: .failure(Self.refusal))
        #expect(second == .probe(.july2026))
        let third = handshake.next(after: .result(Self.modern))
        #expect(third == .ready(Greeting(.july2026, Self.modern)))
    }

    @Test("takes a new connection where the old one broke")
    func broken() {
        var handshake = Handshake(.automatic)
        let error = UpstreamError(.unavailable, "gone", .possiblySent)
        let first = handshake.next(after: .broken(error))
        #expect(first == .initialize(.november2025, .fresh))
        let second = handshake.next(after: .broken(error))
        #expect(second == .fail(error))
    }

    @Test("ends where nothing can be reached, or nobody is let in")
    func unreachable() {
        let unreachable = UpstreamError(.unavailable, "", .notSent)
        let unauthorized = UpstreamError(.unavailable, "", details: ["status": 401])
        for error in [unreachable, unauthorized] {
            var handshake = Handshake(.automatic)
            let first = handshake.next(after: .broken(error))
            #expect(first == .fail(error))
        }
    }

    @Test("refuses a revision that is not known")
    func stranger() {
        var handshake = Handshake(.legacy)
        guard
            case .fail(let error) = handshake.next(
                after: .result(["protocolVersion": "2031-01-01"]))
        else {
            Issue.record("not refused")
            return
        }
        #expect(error.message.contains("2031-01-01"))
    }

    @Test("in the newer era only does not fall back")
    func strict() {
        var handshake = Handshake(.modern)
        guard case .fail = handshake.next(after: .failure(Self.refusal)) else {
            Issue.record("it fell back")
            return
        }
    }
}

@Suite("The life of a connection")
struct LifecycleTests {
    private let start = ContinuousClock.now
    private let gone = UpstreamError(.unavailable, "gone")

    @Test("is begun by the first caller, for whom others wait")
    func beginning() {
        var life = Lifecycle<Int>()
        guard case .start = life.admit(at: start) else {
            Issue.record("not started")
            return
        }
        guard case .await = life.admit(at: start) else {
            Issue.record("started twice")
            return
        }
        let first = life.didStart(1, at: start)
        #expect(first)
        guard case .use(1) = life.admit(at: start) else {
            Issue.record("not ready")
            return
        }
    }

    @Test("pauses longer after each failure, and breaks off after five")
    func failures() {
        var life = Lifecycle<Int>()
        var now = start
        var pauses: [Duration] = []
        for _ in 1...4 {
            guard case .start = life.admit(at: now) else {
                Issue.record("not started")
                return
            }
            life.didFail(gone, at: now)
            guard case .pause(let until) = life.admit(at: now) else {
                Issue.record("no pause")
                return
            }
            pauses.append(until - now)
            now = until
        }
        #expect(pauses == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
        guard case .start = life.admit(at: now) else {
            Issue.record("not started")
            return
        }
        life.didFail(gone, at: now)
        guard case .refuse(let error) = life.admit(at: now + .seconds(59)) else {
            Issue.record("not refused")
            return
        }
        #expect(error.delivery == .notSent)
        guard case .start = life.admit(at: now + .seconds(60)) else {
            Issue.record("refused for ever")
            return
        }
    }

    @Test("is ended when idle, but never under a call")
    func idle() {
        var life = Lifecycle<Int>()
        _ = life.admit(at: start)
        _ = life.didStart(7, at: start)
        _ = life.admit(at: start)
        let first = life.retire(idleFor: .seconds(1), at: start + .seconds(100))
        #expect(first == nil)
        life.release(at: start + .seconds(100)) { $0 == 7 }
        let second = life.retire(idleFor: .seconds(1), at: start + .seconds(100))
        #expect(second == nil)
        let third = life.retire(idleFor: .seconds(1), at: start + .seconds(101))
        #expect(third == 7)
        guard case .start = life.admit(at: start) else {
            Issue.record("not idle")
            return
        }
    }

    @Test("that was stopped refuses all, also what was being started")
    func stopped() {
        var life = Lifecycle<Int>()
        _ = life.admit(at: start)
        let first = life.stop()
        #expect(first == nil)
        let second = life.didStart(1, at: start)
        #expect(!second)
        guard case .refuse = life.admit(at: start) else {
            Issue.record("not refused")
            return
        }
    }

    @Test("is not ended by the end of another connection")
    func another() {
        var life = Lifecycle<Int>()
        _ = life.admit(at: start)
        _ = life.didStart(2, at: start)
        life.didEnd(gone, at: start) { $0 == 1 }
        #expect(life.session == 2)
    }
}

@Suite("The id of a message that is not read")
struct AnswerIDScannerTests {
    @Test(
        "is found among other members",
        arguments: [
            (#"{"jsonrpc":"2.0","id":7,"result":{"id":8}}"#, 7),
            (#"{"result":{"id":8,"a":[{"id":9}]},"id":7}"#, 7),
            (#"{"result":"\"id\":8,","id": 7 }"#, 7), (#"{"a":"id","id":-7}"#, -7),
            (#"{"result":"\\","id":7}"#, 7),
        ] as [(String, Int)])
    func found(_ text: String, _ id: Int) {
        for size in 1...text.utf8.count {
            var scanner = AnswerIDScanner()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                scanner.scan(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(scanner.id == .integer(JSONNumber(id)))
        }
    }

    @Test(
        "is nothing where there is none",
        arguments: ["", "{", "[[[", #"{"result":{"id":1}}"#, #"["id",1]"#, "}}}}\"id\":1"])
    func none(_ text: String) {
        var scanner = AnswerIDScanner()
        scanner.scan(text.utf8)
        #expect(scanner.id == nil)
    }
}

@Suite("Calls at a time")
struct CallGateTests {
    @Test("are bounded, and so are those that wait")
    func bounds() async throws {
        let gate = CallGate(insideCountMax: 1, waitingCountMax: 0)
        try await gate.enter()
        await #expect(throws: UpstreamError.self) { try await gate.enter() }
        gate.leave()
        try await gate.enter()
    }

    @Test("are left by who is cancelled while waiting")
    func cancelled() async throws {
        let gate = CallGate(insideCountMax: 1, waitingCountMax: 4)
        try await gate.enter()
        let waiting = Task { try await gate.enter() }
        waiting.cancel()
        await #expect(throws: UpstreamError.self) { try await waiting.value }
        gate.leave()
        try await gate.enter()
    }
}
