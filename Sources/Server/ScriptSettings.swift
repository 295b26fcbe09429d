internal import Glibc

/// What scripts are written in, and where they think they are.
struct ScriptSettings: Hashable, Sendable {
    /// The name of a zone in the IANA's database.
    var timeZone: String
    /// The program that strips types; nil if there is none.
    var esbuildPath: String?

    /// - Throws: ``SettingsError/invalid(_:)`` for a program that is none.
    init(_ options: Options) throws(SettingsError) {
        timeZone = options[\.script.timeZone]
        guard options.isGiven(\.script.esbuild) else {
            esbuildPath = options[\.script.esbuild]
            return
        }
        guard let path = options[\.script.esbuild], path != "none" else { return }
        guard path.hasPrefix("/"), unsafe access(path, X_OK) == 0 else {
            throw .invalid(
                "\(options.saying(\.script.esbuild)); it must be the whole path of a program, or "
                    + "none"
            )
        }
        esbuildPath = path
    }
}
