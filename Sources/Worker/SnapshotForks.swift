import CSandbox
import Glibc
import WorkerProtocol

/// The forks of this process that hold a heap's state, or write it down, while it goes on.
///
/// One fork keeps the state of the last run for later, and one that of the run before until it is
/// known that the last one counts. They wait on words that they share with this process: whichever
/// changes a word first decides whether the state is written or dropped.
@safe
struct SnapshotForks {
    /// What a fork's word says.
    private enum Word {
        static let kept: UInt32 = 1
        static let dropped: UInt32 = 2
        static let writing: UInt32 = 3
        static let told: UInt32 = 4
        static let replaced: UInt32 = 5
    }

    /// How long a fork whose state was replaced waits to be told what becomes of it: the process
    /// that would tell may have ended.
    private static let replacedMillisecondsMax: UInt32 = 10_000

    private struct Fork {
        let process: pid_t
        /// Which word it waits on.
        let word: Int
        let slot: Int
        let runNumber: UInt32
    }

    private let words: UnsafeMutablePointer<UInt32>
    /// Holds the state of the last run.
    private var kept: Fork?
    /// Holds the state of the run before.
    private var replaced: Fork?
    /// Is to end. That takes as long as a fork and a processor: it is put off until this one is
    /// busy and the server is not, and nobody waits for it before the next one is to end.
    private var ending: Fork?
    /// Write the state of a run before, or have written it: the server has their slots.
    private var writing: [Fork] = []

    /// Words are shared with forks: the first is the lock of the channel.
    init(words: UnsafeMutablePointer<UInt32>) {
        unsafe self.words = words
    }

    /// Whether another process may write to the channel.
    var isAnyAlive: Bool { all.contains { $0.process > 0 } }

    private var all: [Fork] { [replaced, kept].compactMap(\.self) + writing }

    /// A part of the exchange memory that nobody uses.
    func freeSlot() -> Int? {
        let used = all.map(\.slot)
        return (0..<WorkerDescriptor.exchangeSlotCount).first { !used.contains($0) }
    }

    /// Forks and runs `body` in the fork, which ends with it; false if no fork could be had. With
    /// the shortest delay it is run whatever follows: else runs that come quickly would put it off.
    mutating func keep(
        slot: Int, runNumber: UInt32, delayMilliseconds: UInt32, _ body: () -> Void
    ) -> Bool {
        let isDue = delayMilliseconds <= EvaluateRequest.savingDelayMillisecondsMin
        let word = freeWord()
        unsafe csandbox_word_set(words + word, isDue ? Word.writing : Word.kept)
        let process = csandbox_fork()
        if process == 0 {
            unsafe awaitTime(words + word, delayMilliseconds)
            body()
            unsafe csandbox_word_set(words + word, Word.told)
            _exit(0)
        }
        guard process > 0 else { return false }
        let fork = Fork(process: process, word: word, slot: slot, runNumber: runNumber)
        if isDue { writing.append(fork) } else { kept = fork }
        return true
    }

    /// Has the fork that keeps a state wait until it is known that the next state counts, unless it
    /// writes already.
    mutating func replaceKept() {
        dropReplaced()
        if let earlier = ending.take() {
            // Only so many processes may there be.
            unsafe csandbox_word_wake(words + earlier.word)
            SnapshotForks.reap(earlier)
        }
        guard let fork = kept.take() else { return }
        if unsafe csandbox_word_change(words + fork.word, Word.kept, Word.replaced) == 1 {
            replaced = fork
        } else {
            writing.append(fork)
        }
    }

    /// Gives up the state that was replaced, unless it is being written already: the one in its
    /// place counts.
    mutating func dropReplaced() {
        guard let fork = replaced.take() else { return }
        if unsafe csandbox_word_change(words + fork.word, Word.replaced, Word.dropped) == 1 {
            if let earlier = ending {
                endDropped()
                SnapshotForks.reap(earlier)
            }
            ending = fork
        } else {
            writing.append(fork)
        }
    }

    /// Gives up a state that was replaced, if it is of a run before this one.
    mutating func drop(before runNumber: UInt32) {
        if let fork = replaced, fork.runNumber < runNumber { dropReplaced() }
    }

    /// Has the fork that was given up end, beside what this process does next. It would end without
    /// that, but not at once.
    func endDropped() {
        if let fork = ending { unsafe csandbox_word_wake(words + fork.word) }
    }

    /// Has the state of a run written now, or the next one after it that there is; returns what is
    /// to be told of forks that ended without a word.
    mutating func hasten(_ runNumber: UInt32) -> [SavedSnapshot] {
        if let fork = replaced, fork.runNumber >= runNumber {
            unsafe csandbox_word_change(words + fork.word, Word.replaced, Word.writing)
            unsafe csandbox_word_wake(words + fork.word)
        } else if let fork = kept, fork.runNumber >= runNumber {
            dropReplaced()
            unsafe csandbox_word_change(words + fork.word, Word.kept, Word.writing)
            unsafe csandbox_word_wake(words + fork.word)
        }
        var failures: [SavedSnapshot] = []
        for fork in all {
            var status: Int32 = 0
            guard fork.process > 0,
                unsafe csandbox_look_at_child(fork.process, &status) == 1,
                unsafe csandbox_word_get(words + fork.word) != Word.told
            else { continue }
            failures.append(
                SavedSnapshot(
                    runNumber: fork.runNumber, slot: UInt8(fork.slot),
                    report: SnapshotForks.report(status)))
            forget(slot: fork.slot)
        }
        return failures
    }

    /// Notes that the server has read a slot.
    mutating func release(slot: Int) {
        for fork in all where fork.slot == slot {
            guard fork.process > 0 else { continue }
            // It has told, so it is about to end.
            SnapshotForks.reap(fork)
        }
        forget(slot: slot)
    }

    /// Notes that a slot is the server's without a fork that wrote it.
    mutating func lend(slot: Int, runNumber: UInt32) {
        writing.append(Fork(process: -1, word: -1, slot: slot, runNumber: runNumber))
    }

    /// Runs `body` in a fork that ends with it, and waits for it.
    ///
    /// - Returns: How it went.
    func run(_ body: () -> Void) -> Outcome {
        let process = csandbox_fork()
        if process == 0 {
            body()
            _exit(0)
        }
        guard process > 0 else { return .noFork }
        var status: Int32 = 0
        guard unsafe csandbox_await_child(process, &status) == 0, status == 0 else {
            return .failed(SnapshotForks.report(status))
        }
        return .done
    }

    /// How a fork went.
    enum Outcome {
        case done
        case failed(SnapshotReport)
        case noFork
    }

    private mutating func forget(slot: Int) {
        if kept?.slot == slot { kept = nil }
        if replaced?.slot == slot { replaced = nil }
        writing.removeAll { $0.slot == slot }
    }

    /// Waits until the state is to be written; ends the process if it is not.
    private func awaitTime(_ word: UnsafeMutablePointer<UInt32>, _ delayMilliseconds: UInt32) {
        var left = delayMilliseconds
        var patience = SnapshotForks.replacedMillisecondsMax
        while true {
            let state = unsafe csandbox_word_get(word)
            // In steps, as a wait may end early; a step too many does no harm.
            let step = min(state == Word.kept ? left : patience, 100)
            switch state {
            case Word.kept: left -= step
            case Word.replaced: patience -= step
            case Word.dropped: _exit(0)
            default: return
            }
            if step > 0 {
                unsafe csandbox_word_wait(word, state, step)
            } else {
                unsafe csandbox_word_change(word, state, Word.writing)
            }
        }
    }

    private func freeWord() -> Int {
        let used = (all + [ending].compactMap(\.self)).map(\.word)
        var word = 1
        while used.contains(word) { word += 1 }
        return word
    }

    private static func reap(_ fork: Fork) {
        var status: Int32 = 0
        _ = unsafe csandbox_await_child(fork.process, &status)
    }

    /// Why a fork made no snapshot.
    private static func report(_ status: Int32) -> SnapshotReport {
        let maker = "the process that made its snapshot"
        return switch (status & 0x7f, (status >> 8) & 0xff) {
        case (0, WorkerExit.outOfMemoryCode): .outOfMemory
        case (0, let code): .notSerializable("\(maker) ended with code \(code)")
        // No script runs there: what it may not do is what the C library's abort() does, which
        // sends a signal.
        case (SIGABRT, _), (SIGTRAP, _), (SIGILL, _), (SIGSYS, _):
            .notSerializable("V8 or a library gave up while its snapshot was made")
        case (SIGKILL, _): .notSerializable("\(maker) was killed from outside")
        case (let signal, _): .notSerializable("\(maker) was ended by signal \(signal)")
        }
    }
}
