import Testing

@testable import Execution

@Suite("What is decided about heaps that are not written", .timeLimit(.minutes(5)))
struct UnwrittenStateTests {
    @Test("whatever happens in whatever order: what is stored was answered, what is lost is told")
    func everyOrder() {
        var start = UnwrittenModel()
        for step in [.runBegins, .scriptEnds, .serverAnswers] as [UnwrittenModel.Step] {
            start.take(step)
        }
        let count = walk(start, depth: 5)
        #expect(count > 5_000)
    }

    @Test("the same of long ways that are chosen by chance", arguments: 0..<8)
    func byChance(_ part: UInt64) {
        for seed in 0..<250 {
            var generator = SplitMix(state: part << 32 | UInt64(seed))
            var model = UnwrittenModel()
            for _ in 0..<60 {
                guard let step = model.steps.randomElement(using: &generator) else { break }
                // Workers that live show more.
                let isRare = [.workerDies, .forkFails, .storageFails, .serverGivesUp].contains(step)
                if isRare, UInt64.random(in: 0..<8, using: &generator) > 0 { continue }
                model.take(step)
            }
            model.finish()
        }
    }

    /// Takes all ways of so many steps; returns how many there were.
    private func walk(_ model: UnwrittenModel, depth: Int) -> Int {
        guard depth > 0 else {
            var end = model
            end.finish()
            return 1
        }
        return model.steps.reduce(0) { count, step in
            var next = model
            next.take(step)
            return count + walk(next, depth: depth - 1)
        }
    }
}
