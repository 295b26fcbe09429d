internal import ArgumentParser

/// Where heaps are kept, and how much of their history.
struct StorageOptions: ParsableArguments {
    @Flag(help: ArgumentHelp("Keep heaps in memory; they are lost when the server ends."))
    var inMemory = false

    @Option(
        help: ArgumentHelp(
            "Keep heaps in files under this directory. This is the default storage.",
            discussion: "Default: \(Settings.directoryPathDefault)", valueName: "dir"),
        transform: expandingTilde)
    var directoryPath: String?

    @Flag(help: "Keep no heaps: every run starts clean.")
    var stateless = false

    @Option(help: ArgumentHelp("Versions kept of each heap (50).", valueName: "n"))
    var keepVersions: Int?

    @Option(
        help: ArgumentHelp(
            "A file with one key on each line: heaps are signed with the first, and refused if "
                + "none of them signed them.", valueName: "file"), transform: expandingTilde)
    var signingKeyFile: String?

    static let keys = [
        OptionKey(name: "in-memory", kind: .flag),
        OptionKey(name: "directory-path", kind: .value),
        OptionKey(name: "stateless", kind: .flag),
        OptionKey(name: "keep-versions", kind: .value),
        OptionKey(name: "signing-key-file", kind: .value),
    ]
}
