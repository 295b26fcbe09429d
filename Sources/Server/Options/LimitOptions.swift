internal import ArgumentParser

/// How much a run may take, and all of them together.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The deadline of a run that names none (30000).", valueName: "ms"))
    var timeoutMs: Int?

    @Option(help: ArgumentHelp("The longest deadline a run may ask for (300000).", valueName: "ms"))
    var timeoutMsMax: Int?

    @Option(help: ArgumentHelp("V8's heap of one run (256).", valueName: "MiB"))
    var heapMbMax: Int?

    @Option(
        help: ArgumentHelp("Console output, and result, of one run (65536).", valueName: "bytes"))
    var outputBytesMax: Int?

    @Option(help: ArgumentHelp("The largest snapshot of a heap (512).", valueName: "MiB"))
    var snapshotMbMax: Int?

    @Option(help: ArgumentHelp("Worker processes at a time (8 for each core).", valueName: "n"))
    var workersMax: Int?

    @Option(
        help: ArgumentHelp(
            "Memory of all workers together (three quarters of the machine's).", valueName: "MiB"))
    var workersMbMax: Int?

    @Option(help: ArgumentHelp("Runs that may wait for one heap (32).", valueName: "n"))
    var queueMax: Int?

    @Option(
        help: ArgumentHelp(
            "Answer a run on a heap when it is stored, commit, or before, relaxed (commit).",
            valueName: "when"))
    var durability: String?

    @Option(
        help: ArgumentHelp(
            "Memory of workers that stay with heaps (a quarter of the machine's).",
            valueName: "MiB"))
    var warmMbMax: Int?

    @Option(
        help: ArgumentHelp(
            "How long a worker stays with a heap that is not used (300).", valueName: "seconds"))
    var warmIdleSeconds: Int?

    static let keys = [
        OptionKey(name: "timeout-ms", kind: .value),
        OptionKey(name: "timeout-ms-max", kind: .value),
        OptionKey(name: "heap-mb-max", kind: .value),
        OptionKey(name: "output-bytes-max", kind: .value),
        OptionKey(name: "snapshot-mb-max", kind: .value),
        OptionKey(name: "workers-max", kind: .value),
        OptionKey(name: "workers-mb-max", kind: .value),
        OptionKey(name: "queue-max", kind: .value),
        OptionKey(name: "durability", kind: .value),
        OptionKey(name: "warm-mb-max", kind: .value),
        OptionKey(name: "warm-idle-seconds", kind: .value),
    ]
}
