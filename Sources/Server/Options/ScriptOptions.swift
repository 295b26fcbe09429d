internal import ArgumentParser

/// What scripts are written in, and where they think they are.
struct ScriptOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The time zone of Date and Intl in scripts, such as Europe/Berlin (UTC).",
            valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "The esbuild that strips types off TypeScript, or none (the first on the PATH).",
            valueName: "file"), transform: expandingTilde)
    var esbuild: String?

    static let keys = [
        OptionKey(name: "time-zone", kind: .value),
        OptionKey(name: "esbuild", kind: .value),
    ]
}
