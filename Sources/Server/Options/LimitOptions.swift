internal import Execution
internal import Foundation

/// Beside those that depend on the machine.
private let defaults = ExecutionLimits(workersMax: 0, warmByteCountMax: 0)

/// How much a run may take, and all of them together.
struct LimitOptions: OptionSection {
    static let title = "Limits"

    let timeoutMs = ServerOption<Duration>(
        "timeout-ms", .milliseconds(1...3_600_000),
        default: .found("\(Int(defaults.timeoutDefault / .milliseconds(1)))") {
            min(defaults.timeoutDefault, $0[\.limits.timeoutMsMax])
        }, "Deadline of a run that names none.", range: "1 to `--timeout-ms-max`", .most)

    let timeoutMsMax = ServerOption<Duration>(
        "timeout-ms-max", .milliseconds(1...3_600_000), default: .of(defaults.timeoutMax),
        "The longest deadline that a run may ask for.")

    let heapMbMax = ServerOption(
        "heap-mb-max", .mebibytes(32...4096), default: .of(defaults.heapByteCountMax),
        "V8's heap of one run, in MiB.",
        more: """
            A worker may have four times as much writable memory in all, with the JIT 192 MiB \
            more that V8 sets aside for machine code, and while a snapshot is made four times \
            `--snapshot-mb-max` more.
            """, .most)

    let outputBytesMax = ServerOption(
        "output-bytes-max", .bytes(1024...(4 << 20)),
        default: .of(defaults.outputByteCountMax),
        "Console output of one run; and, again, each form of its result.")

    let snapshotMbMax = ServerOption(
        "snapshot-mb-max", .mebibytes(1...2047),
        default: .of(defaults.snapshotByteCountMax),
        "The largest snapshot of a heap, in MiB.")

    let workersMax = ServerOption(
        "workers-max", .count(1...4096),
        default: .found("8 for each core") { _ in
            8 * ProcessInfo.processInfo.activeProcessorCount
        },
        "Worker processes at a time.")

    let workersMbMax = ServerOption(
        "workers-mb-max", .mebibytes(64...16_777_216),
        default: .found("three quarters of the machine's, or of the server's control group's") {
            _ in max(64 << 20, MemoryBound.memoryByteCount / 4 * 3)
        }, "Memory of all workers together, in MiB.",
        more: """
            By a [control group](../threat-model.md#all-workers-together) where one is delegated, \
            else the server ends the largest worker when they have more.
            """)

    let queueMax = ServerOption(
        "queue-max", .count(1...10_000), default: .of(defaults.queueCountMax),
        "Runs that may wait for one heap.", more: "One more is answered with `busy`.")

    let durability = ServerOption<Durability>(
        "durability", .choice("when"), default: .of(defaults.durability),
        "Answer a run on a heap when it is stored, or before.",
        more: """
            `commit`: it is answered when what it left behind is stored. `relaxed`: at once, with \
            `"durable": false`; it is stored within a second and when the server ends. If that \
            fails, the next call to the heap does nothing but tell it.
            """)

    let warmMbMax = ServerOption(
        "warm-mb-max", .mebibytes(1...(1 << 20)),
        default: .found("a quarter of the machine's") { _ in
            max(1 << 20, MemoryBound.machineByteCount / 4)
        },
        "Memory of workers that stay with heaps, in MiB.",
        more: """
            What they have for themselves together, as the kernel measures it; those used longest \
            ago are ended.
            """)

    let warmIdleSeconds = ServerOption(
        "warm-idle-seconds", .seconds(1...86_400), default: .of(defaults.warmIdle),
        "How long a worker stays with a heap that nobody uses.")
}
