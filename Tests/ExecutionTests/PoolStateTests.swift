import Glibc
import Testing

@testable import Execution

@Suite("What a pool decides")
struct PoolStateTests {
    @Test("an order of ages is that of adding, whatever is removed", arguments: [1, 7, 100])
    func ages(_ step: UInt64) {
        var order = AgeOrder()
        var model: [UInt64] = []
        for id in 0..<UInt64(500) {
            order.append(id)
            model.append(id)
            if id % 3 == 0 {
                let removed = model[Int(id * step) % model.count]
                order.remove(removed)
                model.removeAll { $0 == removed }
            }
            if id % 5 == 0 {
                #expect(order.popFirst() == model.first)
                model.removeFirst(min(1, model.count))
            }
            #expect(order.count == model.count)
        }
        while let id = order.popFirst() { #expect(id == model.removeFirst()) }
        #expect(model.isEmpty)
    }

    @Test("what is added again is the youngest")
    func addedAgain() {
        var order = AgeOrder()
        for id: UInt64 in [1, 2, 3, 1] { order.append(id) }
        #expect([order.popFirst(), order.popFirst(), order.popFirst()] == [2, 3, 1])
        #expect(order.popFirst() == nil)
    }

    @Test("memory that was measured counts, and the oldest warm workers go first")
    func measured() async throws {
        try await Harness.run(limits: { $0.warmByteCountMax = 1 << 20 }) { harness in
            for heap in ["a", "b", "c"] { _ = try await harness.execute("1", on: heap) }
            let pool = harness.service.pool
            #expect(pool.census.warmCount == 3)
            #expect(pool.census.warmByteCount == 3_000)
            pool.note(byteCounts: [1: 600_000, 2: 1_000, 3: 600_000], isShort: false)
            #expect(pool.census.warmCount == 2)
            #expect(try await harness.source.workers[0].ended.get() == .signalled(9))
        }
    }

    @Test("half of the warm workers are given up when the machine is short of memory")
    func shortage() async throws {
        try await Harness.run { harness in
            for heap in ["a", "b", "c"] { _ = try await harness.execute("1", on: heap) }
            harness.service.pool.note(byteCounts: [:], isShort: true)
            #expect(harness.service.pool.census.warmCount == 1)
            #expect(try await harness.execute("2", on: "a").text == "12")
        }
    }

    @Test("the kernel tells how much memory this process has for itself")
    func ownMemory() throws {
        let memory = MemoryOfProcesses()
        let before = try #require(memory.privateByteCount(of: getpid()))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 4096)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 1)
        let after = try #require(memory.privateByteCount(of: getpid()))
        #expect(after - before > 48 << 20)
        #expect(memory.privateByteCount(of: -1) == nil)
    }
}
