internal import Glibc
internal import TypeScript

/// What scripts are written in, and where they think they are.
struct ScriptOptions: OptionSection {
    static let title = "Scripts"

    let timeZone = ServerOption(
        "time-zone",
        // A name goes into an environment, where some other characters have a meaning.
        .text("zone", "the name of a zone, such as Europe/Berlin") {
            $0.utf8.count <= 64 && $0.wholeMatch(of: /[A-Za-z][A-Za-z0-9_+\-\/]*/) != nil
        }, default: .of("UTC"), "The time zone of Date and Intl in scripts, such as Europe/Berlin.",
        more: "A name of the IANA's database; the server's own zone does not matter.")

    let esbuild = ServerOption(
        "esbuild", .file, unset: "the first on the `PATH`",
        "The esbuild that strips types off TypeScript, or none.",
        more: "Its whole path, or `none` for JavaScript only.",
        otherwise: { TypeStripper.installedPath(searchPath: searchPath) })

    private static var searchPath: String {
        guard let path = unsafe getenv("PATH") else { return "" }
        return unsafe String(cString: path)
    }
}
