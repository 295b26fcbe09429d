/// When a run on a heap is answered.
package enum Durability: String, CaseIterable, Sendable {
    /// When what it left behind is stored.
    case commit
    /// At once: it is stored soon.
    case relaxed
}

/// The bounds within which code runs.
package struct ExecutionLimits: Hashable, Sendable {
    /// The deadline of a run that asks for none.
    package var timeoutDefault: Duration = .seconds(30)
    /// The longest deadline that a run may ask for.
    package var timeoutMax: Duration = .seconds(300)
    /// How long after its deadline a worker that did not stop by itself is killed.
    package var killGrace: Duration = .milliseconds(500)
    /// The most bytes of code.
    package var codeByteCountMax = 1 << 20
    /// The most bytes of V8's heap.
    package var heapByteCountMax = 256 << 20
    /// The most bytes of console output, and of result.
    package var outputByteCountMax = 64 << 10
    /// The most bytes of a plain snapshot.
    package var snapshotByteCountMax = 512 << 20
    /// The most executions that wait for one heap.
    package var queueCountMax = 32
    /// The most worker processes at a time.
    package var workersMax: Int
    /// The most executions that wait for a worker.
    package var waitingCountMax = 256
    /// Idle workers that are kept ready so that a run does not wait for a fork.
    package var sparesCount = 2
    /// The most bytes that warm workers have for themselves together.
    package var warmByteCountMax: Int
    /// How often the memory of warm workers is measured; nil for never: their heaps' sizes stand
    /// for it then.
    package var memoryInterval: Duration? = .seconds(1)
    /// How long a warm worker waits for the next run on its heap.
    package var warmIdle: Duration = .seconds(300)
    /// Whether a run is answered before it is stored.
    package var durability = Durability.commit
    /// How long a state may wait for a later one to take its place before it is stored.
    package var savingDelay: Duration = .milliseconds(500)
    /// How long a worker may take to serialise a state that was to be stored later.
    package var savingTimeout: Duration = .seconds(60)
    /// How long a shutdown waits for what is running.
    package var drainTimeout: Duration = .seconds(10)

    /// Makes the default limits, beside those that depend on the machine.
    package init(workersMax: Int, warmByteCountMax: Int) {
        self.workersMax = workersMax
        self.warmByteCountMax = warmByteCountMax
    }
}
