import Testing

@testable import Execution

@Suite("Host calls of a run")
struct HostCallsTests {
    @Test("begin in the order in which they were made, and only so many at a time")
    func order() throws {
        let calls = CallsUnderTest()
        let count = UInt32(HostCalls.underWayCountMax)
        for number in 0..<count + 2 { try calls.open(number) }
        for number in 0..<count { #expect(calls.beginNext() == number) }
        #expect(calls.beginNext() == nil)
        #expect(calls.close(3))
        #expect(calls.beginNext() == count)
        #expect(calls.beginNext() == nil)
    }

    @Test("have numbers that go up", arguments: [(5, 5), (5, 4), (0, 0)])
    func numbers(_ first: UInt32, _ second: UInt32) throws {
        let calls = CallsUnderTest()
        try calls.open(first)
        #expect(throws: ProtocolViolation.hostCallOutOfTurn(second)) { try calls.open(second) }
    }

    @Test("are so many and no more, however soon they end")
    func count() throws {
        let calls = CallsUnderTest()
        for number in 0..<UInt32(HostCalls.countMax) {
            try calls.open(number)
            _ = try #require(calls.beginNext())
            #expect(calls.close(number))
        }
        #expect(throws: ProtocolViolation.tooManyHostCalls(limit: HostCalls.countMax)) {
            try calls.open(UInt32(HostCalls.countMax))
        }
    }

    @Test("that were given up keep their place until they have ended, and tell nobody")
    func givenUp() throws {
        let calls = CallsUnderTest()
        let count = UInt32(HostCalls.underWayCountMax)
        for number in 0...count { try calls.open(number) }
        while calls.beginNext() != nil {}
        #expect(try calls.giveUp(0))
        #expect(calls.beginNext() == nil)
        #expect(!calls.close(0))
        #expect(calls.beginNext() == count)
    }

    @Test("that were given up before they began never begin")
    func givenUpQueued() throws {
        let calls = CallsUnderTest()
        try calls.open(1)
        #expect(try !calls.giveUp(1))
        #expect(calls.beginNext() == nil)
        #expect(calls.isEmpty)
    }

    @Test("that are over may be given up, and those that were never made may not")
    func crossing() throws {
        let calls = CallsUnderTest()
        #expect(throws: ProtocolViolation.hostCallOutOfTurn(0)) { try calls.giveUp(0) }
        try calls.open(4)
        _ = calls.beginNext()
        #expect(calls.close(4))
        #expect(try !calls.giveUp(4))
        #expect(throws: ProtocolViolation.hostCallOutOfTurn(5)) { try calls.giveUp(5) }
    }

    @Test("keep to their rules whatever is done to them", arguments: 0..<200 as Range<UInt64>)
    func byChance(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var model = HostCallsModel()
        for _ in 0..<600 { try model.step(&random) }
        try model.finish()
    }
}

/// What is known of the calls from outside, by keeping it apart.
private struct HostCallsModel {
    private let calls = CallsUnderTest()
    private var madeCount = 0
    private var highest: UInt32?
    private var queue: [UInt32] = []
    private var underWay: Set<UInt32> = []
    private var givenUp: Set<UInt32> = []

    mutating func step(_ random: inout SplitMix) throws {
        switch UInt8.random(in: 0..<10, using: &random) {
        case 0..<4: try open((highest ?? 0) &+ UInt32.random(in: 0...3, using: &random))
        case 4..<6: try beginNext()
        case 6..<8: if let number = busy.randomElement(using: &random) { try close(number) }
        default: try giveUp(UInt32.random(in: 0...(highest ?? 0) + 2, using: &random))
        }
        #expect(calls.isEmpty == (queue.isEmpty && underWay.isEmpty))
    }

    /// Everything that was made ends.
    mutating func finish() throws {
        while !queue.isEmpty || !busy.isEmpty {
            try beginNext()
            if let number = busy.first { try close(number) }
        }
        #expect(calls.isEmpty)
        #expect(calls.beginNext() == nil)
    }

    private var busy: [UInt32] { underWay.union(givenUp).sorted() }

    private mutating func open(_ number: UInt32) throws {
        if let highest, number <= highest {
            #expect(throws: ProtocolViolation.hostCallOutOfTurn(number)) { try calls.open(number) }
        } else if madeCount == HostCalls.countMax {
            #expect(throws: ProtocolViolation.tooManyHostCalls(limit: madeCount)) {
                try calls.open(number)
            }
        } else {
            try calls.open(number)
            madeCount += 1
            highest = number
            queue.append(number)
        }
    }

    private mutating func beginNext() throws {
        let hasRoom = busy.count < HostCalls.underWayCountMax
        let expected = hasRoom ? queue.first : nil
        #expect(calls.beginNext() == expected)
        guard let expected else { return }
        queue.removeFirst()
        underWay.insert(expected)
    }

    private mutating func close(_ number: UInt32) throws {
        let isReported = underWay.remove(number) != nil
        #expect(calls.close(number) == isReported)
        givenUp.remove(number)
    }

    private mutating func giveUp(_ number: UInt32) throws {
        guard let highest, number <= highest else {
            #expect(throws: ProtocolViolation.hostCallOutOfTurn(number)) {
                try calls.giveUp(number)
            }
            return
        }
        let wasUnderWay = underWay.remove(number) != nil
        #expect(try calls.giveUp(number) == wasUnderWay)
        if wasUnderWay { givenUp.insert(number) }
        queue.removeAll { $0 == number }
    }
}

/// The calls by their numbers, and by reference: expectations change nothing else.
private final class CallsUnderTest {
    private var calls = HostCalls()

    var isEmpty: Bool { calls.isEmpty }

    func open(_ number: UInt32) throws { try calls.open(HostCallID(number: number)) }

    func beginNext() -> UInt32? { calls.beginNext()?.number }

    func giveUp(_ number: UInt32) throws -> Bool {
        try calls.giveUp(HostCallID(number: number))
    }

    func close(_ number: UInt32) -> Bool { calls.close(HostCallID(number: number)) }
}
