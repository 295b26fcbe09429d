internal import Glibc
internal import TypeScript

/// What scripts are written in, and where they think they are.
struct ScriptSettings: Hashable, Sendable {
    /// The name of a zone in the IANA's database.
    var timeZone: String
    /// The program that strips types; nil if there is none.
    var esbuildPath: String?

    /// Checks what the sources say of it and fills in the defaults.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    init(_ sources: OptionSources) throws(SettingsError) {
        timeZone = try ScriptSettings.timeZone(sources)
        esbuildPath = try ScriptSettings.esbuildPath(sources)
    }

    private static func timeZone(_ sources: OptionSources) throws(SettingsError) -> String {
        guard let zone = sources.value(\.script.timeZone) else { return "UTC" }
        // A name goes into an environment, where some other characters have a meaning.
        guard zone.utf8.count <= 64, zone.wholeMatch(of: /[A-Za-z][A-Za-z0-9_+\-\/]*/) != nil else {
            throw .invalid(
                "--time-zone is \"\(zone)\"; it must be the name of a zone, such as Europe/Berlin")
        }
        return zone
    }

    private static func esbuildPath(_ sources: OptionSources) throws(SettingsError) -> String? {
        guard let path = sources.value(\.script.esbuild) else {
            return TypeStripper.installedPath(searchPath: searchPath)
        }
        if path == "none" { return nil }
        guard path.hasPrefix("/"), unsafe access(path, X_OK) == 0 else {
            throw .invalid(
                "--esbuild is \"\(path)\"; it must be the whole path of a program, or none")
        }
        return path
    }

    private static var searchPath: String {
        guard let path = unsafe getenv("PATH") else { return "" }
        return unsafe String(cString: path)
    }
}
