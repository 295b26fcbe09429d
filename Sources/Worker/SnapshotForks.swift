import CSandbox
import Glibc
import WorkerProtocol

/// The forks of this process that hold a heap's state, or write it down, while it goes on.
///
/// One fork at a time keeps a state for later. It waits on a word that it shares with this process:
/// whichever changes the word first decides whether the state is written or dropped.
@safe
struct SnapshotForks {
    /// What a fork's word says.
    private enum Word {
        static let kept: UInt32 = 1
        static let dropped: UInt32 = 2
        static let writing: UInt32 = 3
        static let told: UInt32 = 4
    }

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
    var isAnyAlive: Bool { kept != nil || !writing.isEmpty }

    /// A part of the exchange memory that nobody uses.
    func freeSlot() -> Int? {
        let used = [kept].compactMap(\.self) + writing
        return (0..<WorkerDescriptor.exchangeSlotCount).first { slot in
            !used.contains { $0.slot == slot }
        }
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

    /// Gives up the state that is kept, unless it is being written already.
    mutating func drop() {
        guard let fork = kept.take() else { return }
        if unsafe csandbox_word_change(words + fork.word, Word.kept, Word.dropped) == 1 {
            if let earlier = ending {
                endDropped()
                SnapshotForks.reap(earlier)
            }
            ending = fork
        } else {
            writing.append(fork)
        }
    }

    /// Has the fork that was given up end, beside what this process does next. It would end without
    /// that, but not at once.
    func endDropped() {
        if let fork = ending { unsafe csandbox_word_wake(words + fork.word) }
    }

    /// Has the kept state written now; returns what is to be told of forks that ended without a
    /// word.
    mutating func hasten() -> [SavedSnapshot] {
        if let fork = kept {
            unsafe csandbox_word_change(words + fork.word, Word.kept, Word.writing)
            unsafe csandbox_word_wake(words + fork.word)
        }
        var failures: [SavedSnapshot] = []
        for fork in [kept].compactMap(\.self) + writing {
            var status: Int32 = 0
            guard fork.process > 0,
                unsafe csandbox_look_at_child(fork.process, &status) == 1,
                unsafe csandbox_word_get(words + fork.word) != Word.told
            else { continue }
            failures.append(
                SavedSnapshot(
                    runNumber: fork.runNumber, slot: UInt8(fork.slot),
                    report: .notSerializable(SnapshotForks.reason(status))))
            forget(slot: fork.slot)
        }
        return failures
    }

    /// Notes that the server has read a slot.
    mutating func release(slot: Int) {
        for fork in [kept].compactMap(\.self) + writing where fork.slot == slot {
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
            return .failed(SnapshotForks.reason(status))
        }
        return .done
    }

    /// How a fork went.
    enum Outcome {
        case done
        case failed(String)
        case noFork
    }

    private mutating func forget(slot: Int) {
        if kept?.slot == slot { kept = nil }
        writing.removeAll { $0.slot == slot }
    }

    /// Waits until the state is to be written; ends the process if it is not.
    private func awaitTime(_ word: UnsafeMutablePointer<UInt32>, _ delayMilliseconds: UInt32) {
        var left = delayMilliseconds
        while left > 0, unsafe csandbox_word_get(word) == Word.kept {
            // In steps, as a wait may end early; a step too many does no harm.
            let step = min(left, 100)
            unsafe csandbox_word_wait(word, Word.kept, step)
            left -= step
        }
        unsafe csandbox_word_change(word, Word.kept, Word.writing)
        if unsafe csandbox_word_get(word) == Word.dropped { _exit(0) }
    }

    private func freeWord() -> Int {
        let used = ([kept, ending].compactMap(\.self) + writing).map(\.word)
        var word = 1
        while used.contains(word) { word += 1 }
        return word
    }

    private static func reap(_ fork: Fork) {
        var status: Int32 = 0
        _ = unsafe csandbox_await_child(fork.process, &status)
    }

    private static func reason(_ status: Int32) -> String {
        switch (status & 0x7f, (status >> 8) & 0xff) {
        case (0, WorkerExit.outOfMemoryCode): "its snapshot needs more memory than a heap may have"
        case (0, let code): "the process that made its snapshot ended with code \(code)"
        case (let signal, _): "V8 ended the process that made its snapshot (signal \(signal))"
        }
    }
}
