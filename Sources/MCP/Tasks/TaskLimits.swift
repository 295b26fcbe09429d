/// How much is kept of calls that answer later.
package struct TaskLimits: Hashable, Sendable {
    /// The most tasks at a time, of all clients; the oldest that has ended makes room for a new
    /// one.
    package var countMax: Int
    /// The most tasks of one client that run at once.
    package var workingCountMax: Int
    /// The most bytes of results that are kept, of all clients; the oldest go first.
    package var resultByteCountMax: Int
    /// How long a task is kept from its creation, where its client asks for nothing else.
    package var timeToLiveDefault: Duration
    /// What a client may ask for.
    package var timeToLive: ClosedRange<Duration>
    /// How long a result is kept at least, however long the task took.
    package var timeToFetch: Duration
    /// How often clients are told to ask.
    package var pollInterval: Duration
    /// How long a call may take before a client that knows tasks is given one instead of an
    /// answer.
    package var patience: Duration

    /// Sets limits.
    package init(
        countMax: Int = 256, workingCountMax: Int = 64, resultByteCountMax: Int = 64 << 20,
        timeToLiveDefault: Duration = .seconds(900),
        timeToLive: ClosedRange<Duration> = .seconds(60) ... .seconds(3_600),
        timeToFetch: Duration = .seconds(60), pollInterval: Duration = .seconds(1),
        patience: Duration = .seconds(5)
    ) {
        self.countMax = countMax
        self.workingCountMax = workingCountMax
        self.resultByteCountMax = resultByteCountMax
        self.timeToLiveDefault = timeToLiveDefault
        self.timeToLive = timeToLive
        self.timeToFetch = timeToFetch
        self.pollInterval = pollInterval
        self.patience = patience
    }
}
