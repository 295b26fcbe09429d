internal import Heaps

/// Where heaps are kept, and how much of their history.
struct StorageOptions: OptionSection {
    static let title = "Storage"

    let inMemory = ServerOption(
        flag: "in-memory", "Keep heaps in memory; they end with the server.", .most)

    let directoryPath = ServerOption(
        "directory-path", .directory, default: .of("/tmp/mcp-v8-heaps"),
        "Keep heaps in files here.",
        more: """
            The directory is made with mode 0700 if it is not there, refused if it belongs to \
            someone else or others may write to it.
            """, .most)

    let stateless = ServerOption(
        flag: "stateless", "Keep no heaps: every run starts clean.",
        more: "`run_js` has no arguments `heap` and `save`.", .most)

    let keepVersions = ServerOption(
        "keep-versions", .count(1...10_000),
        default: .of(RetentionPolicy().versionCountPerHeap), "Versions of each heap that are kept.",
        more: "[More](heaps.md#what-is-kept)")

    let signingKeyFile = ServerOption(
        "signing-key-file", .file, "Keys that heaps are signed with, one on each line.",
        more: """
            32 bytes or more each, `#` before a remark: what is stored is signed with the first, \
            and what none of them signed is refused. The file must be closed to others (mode \
            0600). `openssl rand -hex 32` makes a key; [rotation](../guides/storage.md#signing)
            """)
}
