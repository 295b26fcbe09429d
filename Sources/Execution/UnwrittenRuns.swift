internal import Heaps
internal import WorkerProtocol

/// The runs on one heap whose states are not written yet, and when that is due.
struct UnwrittenRuns: Sendable {
    /// A state with this delay is written whatever runs follow.
    static let delayMin = Duration.milliseconds(Int(EvaluateRequest.savingDelayMillisecondsMin))

    private let savingDelay: Duration
    /// Oldest first.
    private var runs: [(description: RunDescription, since: Duration)] = []
    /// Which state the worker's fork keeps, and until when.
    private var kept: (runNumber: UInt32, until: Duration)?
    /// The last run whose state is being written, or has been.
    private var begunRunNumber: UInt32 = 0
    /// When the last state was written, and how long that took.
    private var lastWrite = (end: Duration.zero, time: Duration.zero)

    /// - Parameter savingDelay: how long a state may wait for a later one to take its place.
    init(savingDelay: Duration) { self.savingDelay = savingDelay }

    var isEmpty: Bool { runs.isEmpty }
    var count: Int { runs.count }
    /// Since when the oldest state waits.
    var oldest: Duration? { runs.first?.since }

    /// What is stored of a run beside its snapshot; nil if its state is written already.
    func description(of runNumber: UInt32) -> RunDescription? {
        runs.first { $0.description.runNumber == runNumber }?.description
    }

    /// How long a fork may keep the state of the next run: until the oldest state that nobody
    /// writes has waited for the saving delay.
    ///
    /// Of a large heap longer: one state is written at a time, and then none for as long as that
    /// took, or twice the saving delay. Runs on the heap are slower while one is written.
    mutating func delay(at now: Duration) -> Duration {
        // A little later than it was to: if it is not sure it is written once more.
        if let kept, now >= kept.until + savingDelay / 10 {
            begunRunNumber = max(begunRunNumber, kept.runNumber)
        }
        guard let oldest = runs.first else { return savingDelay }
        if oldest.description.runNumber <= begunRunNumber { return savingDelay }
        let rested = lastWrite.end + min(lastWrite.time, savingDelay * 2)
        let due = max(oldest.since + savingDelay, rested)
        // A fork that nobody replaces waits a little longer: else it may begin to write while the
        // run is under way that is due.
        return now >= due ? Self.delayMin : due - now + savingDelay / 5
    }

    /// Whether a state waits for so long that the next one shall not wait for it, or that its fork
    /// may have come to grief.
    func isLate(at now: Duration) -> Bool {
        guard let oldest else { return false }
        return now - oldest > savingDelay * 10
    }

    /// Notes that a state is kept for so long.
    mutating func append(_ run: RunDescription, at now: Duration, delay: Duration) {
        runs.append((run, now))
        kept = (run.runNumber, now + delay)
        if delay <= Self.delayMin { begunRunNumber = run.runNumber }
    }

    /// Notes that the state of a run is written, which took so long, and with it what was before.
    mutating func removeWritten(upTo runNumber: UInt32, at now: Duration, took time: Duration) {
        runs.removeAll { $0.description.runNumber <= runNumber }
        lastWrite = (now, time)
    }
}
