internal import WorkerProtocol

/// How scripts are confined.
struct SandboxOptions: OptionSection {
    static let title = "Sandbox"

    let sandbox = ServerOption<SandboxLevel>(
        "sandbox", .choice("level"), default: .of(.on), "Confinement of scripts by the kernel.",
        more: """
            `on` needs the layers named as essential in the [threat model](../threat-model.md) and \
            takes the others as far as they can be had; `required` needs all; `off` has none.
            """)

    let requireSandbox = ServerOption(
        flag: "require-sandbox",
        "Do not start where a layer of the sandbox cannot be had: --sandbox required.")

    let hardened = ServerOption(
        flag: "hardened", "Every layer of the sandbox, and V8 without its JIT.",
        more: """
            `--sandbox required` and `--jit off`: loops run several times slower, and heaps made \
            with the JIT cannot be opened.
            """, .most)

    let jit = ServerOption<Switch>(
        "jit", .choice("state"), default: .of(.on), "Whether V8 makes machine code.",
        more: "`off` is what `--hardened` does, without asking for every layer of the sandbox.")

    let strict = ServerOption(
        flag: "strict",
        "Start each worker as a program of its own: none shares another's memory layout.",
        more: "A cold run takes a start of V8 longer, and each worker some 20 MB more.")

    /// What is on or off, and on unless it is said otherwise.
    enum Switch: String, CaseIterable, Sendable {
        case on
        case off
    }
}
