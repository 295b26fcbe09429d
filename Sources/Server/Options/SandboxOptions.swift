internal import ArgumentParser

/// How scripts are confined.
struct SandboxOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Confinement of scripts by the kernel: on, off, or required (on).", valueName: "level"))
    var sandbox: String?

    @Flag(help: "Do not start where a layer of the sandbox cannot be had: --sandbox required.")
    var requireSandbox = false

    @Flag(help: "Every layer of the sandbox is required, and V8 makes no machine code.")
    var hardened = false

    @Option(
        help: ArgumentHelp("Whether V8 makes machine code: on, or off (on).", valueName: "state"))
    var jit: String?

    @Flag(help: "Start each worker as a program of its own: none shares another's memory layout.")
    var strict = false

    static let keys = [
        OptionKey(name: "sandbox", kind: .value),
        OptionKey(name: "require-sandbox", kind: .flag),
        OptionKey(name: "hardened", kind: .flag),
        OptionKey(name: "jit", kind: .value),
        OptionKey(name: "strict", kind: .flag),
    ]
}
