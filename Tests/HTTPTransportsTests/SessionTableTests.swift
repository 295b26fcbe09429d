import Synchronization
import Testing

@testable import HTTPTransports

@Suite("Session table")
struct SessionTableTests {
    private final class Session: Sendable {
        let isBusy: Bool
        init(isBusy: Bool = false) { self.isBusy = isBusy }
    }

    private final class Time: Sendable {
        private let instant = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { instant.withLock { $0 } }
        func advance(by duration: Duration) { instant.withLock { $0 += duration } }
    }

    private let time = Time()

    private func table(
        countMax: Int = 2, countPerPrincipalMax: Int = 2, idle: Duration? = .seconds(60)
    ) -> SessionTable<Session> {
        SessionTable(
            countMax: countMax, countPerPrincipalMax: countPerPrincipalMax, idle: idle,
            isBusy: \.isBusy, now: { [time] in time.now })
    }

    @Test("finds a session for whoever began it, and for nobody else")
    func principals() throws {
        let table = table()
        let session = Session()
        let id = try table.insert(session, of: .subject("alice"))
        #expect(table.find(id, for: .subject("alice")) === session)
        #expect(table.find(id, for: .subject("bob")) == nil)
        #expect(table.find(id, for: .anyone) == nil)
        #expect(table.find(id + "x", for: .subject("alice")) == nil)
    }

    @Test("forgets a session that was ended")
    func removal() throws {
        let table = table()
        let id = try table.insert(Session(), of: .anyone)
        table.remove(id)
        #expect(table.find(id, for: .anyone) == nil)
    }

    @Test("keeps a session as long as it is used")
    func use() throws {
        let table = table()
        let id = try table.insert(Session(), of: .anyone)
        for _ in 0..<3 {
            time.advance(by: .seconds(60))
            #expect(table.find(id, for: .anyone) != nil)
        }
        time.advance(by: .seconds(60))
        table.touch(id)
        time.advance(by: .seconds(60))
        #expect(table.find(id, for: .anyone) != nil)
        time.advance(by: .seconds(61))
        #expect(table.find(id, for: .anyone) == nil)
        #expect(table.all.isEmpty)
    }

    @Test("keeps a session whose calls run, and one that has no time")
    func busy() throws {
        let table = table()
        let id = try table.insert(Session(isBusy: true), of: .anyone)
        let timeless = self.table(idle: nil)
        let other = try timeless.insert(Session(), of: .anyone)
        time.advance(by: .seconds(1_000_000))
        #expect(table.find(id, for: .anyone) != nil)
        #expect(timeless.find(other, for: .anyone) != nil)
    }

    @Test("takes as many as are allowed, and more when some are idle")
    func full() throws {
        let table = table()
        let first = try table.insert(Session(), of: .anyone)
        _ = try table.insert(Session(), of: .anyone)
        #expect(throws: Refusal.full) { try table.insert(Session(), of: .anyone) }
        time.advance(by: .seconds(61))
        _ = try table.insert(Session(), of: .anyone)
        #expect(table.find(first, for: .anyone) == nil)
        #expect(table.all.count == 1)
    }

    @Test("leaves room for others, whatever one principal begins")
    func fullOfOwn() throws {
        let table = table(countMax: 4, countPerPrincipalMax: 2)
        let first = try table.insert(Session(), of: .subject("alice"))
        _ = try table.insert(Session(), of: .subject("alice"))
        #expect(throws: Refusal.fullOfOwn) {
            try table.insert(Session(), of: .subject("alice"))
        }
        _ = try table.insert(Session(), of: .subject("bob"))
        table.remove(first)
        _ = try table.insert(Session(), of: .subject("alice"))
        time.advance(by: .seconds(61))
        _ = try table.insert(Session(), of: .subject("alice"))
    }

    @Test("lets those who cannot be told apart have all")
    func anyone() throws {
        let table = table(countMax: 4, countPerPrincipalMax: 2)
        for _ in 0..<4 { _ = try table.insert(Session(), of: .anyone) }
    }

    @Test("gives each session an id of its own, a random UUID")
    func identifiers() throws {
        let ids = (0..<1000).map { _ in SessionID.random() }
        #expect(Set(ids).count == ids.count)
        let version4 = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in ids { #expect(id.wholeMatch(of: version4) != nil) }
        #expect(ids.allSatisfy(SessionID.isWellFormed))
        let malformed = [
            "", "1", ids[0] + "0", ids[0].replacing("-", with: "_"), "x" + ids[0].dropFirst(),
        ]
        #expect(malformed.allSatisfy { !SessionID.isWellFormed($0) })
    }
}
