internal import Glibc

/// The two files that a template worker is made of, and how they are started together: the program
/// of a Node package, which V8 is in, and the worker, a library that takes the place of that
/// program's main function.
///
/// The dynamic linker is told to load the library first. So nothing of this is in an environment,
/// and the program is as its package has it.
package struct WorkerPrograms: Hashable, Sendable {
    /// The worker's file.
    package static let libraryName = "libmcp-v8-worker.so"
    /// The file that V8 is in.
    package static let engineName = "node"
    /// Where both lie in an installation, seen from the server's folder, if not beside the server.
    package static let installationPath = "../libexec/mcp-v8"
    /// Where `scripts/fetch-engine` puts the engine, seen from where a build tree begins.
    private static let fetchedPath = ".deps/bin"

    #if arch(arm64)
        private static let linker = "/lib/ld-linux-aarch64.so.1"
    #else
        private static let linker = "/lib64/ld-linux-x86-64.so.2"
    #endif

    /// Where the worker lies.
    package let library: String
    /// Where the program lies that V8 is in.
    package let engine: String

    /// Names the files; whether they are there is seen when they are started.
    package init(library: String, engine: String) {
        self.library = library
        self.engine = engine
    }

    /// Looks beside a program, then where an installation has them; the engine of a build tree may
    /// also be where it was fetched to. Where a file is nowhere, it is taken to be missing beside
    /// the program.
    ///
    /// - Parameter folder: The program's, absolute and without a slash at its end.
    package init(near folder: String) {
        let folders = [folder, folder + "/" + Self.installationPath]
        let place = folders.first { Self.isReadable($0 + "/" + Self.libraryName) } ?? folder
        library = place + "/" + Self.libraryName
        // Only there: what lies in the folders above an installation may be anybody's.
        let fetched = Self.root(ofBuild: folder).map { $0 + "/" + Self.fetchedPath }
        let places = [place] + (fetched.map { [$0] } ?? [])
        let engines = places.map { $0 + "/" + Self.engineName }
        engine = engines.first(where: Self.isReadable) ?? engines[0]
    }

    /// Those that belong to this program.
    package static func ofThisProgram() -> WorkerPrograms {
        let capacity = Int(PATH_MAX)
        var path = [CChar](repeating: 0, count: capacity)
        let count = unsafe readlink("/proc/self/exe", &path, capacity)
        let bytes = path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return WorkerPrograms(near: folder(of: String(decoding: bytes, as: UTF8.self)))
    }

    /// What is not there.
    var missing: ExecutionError? {
        if !Self.isReadable(library) { return .workerMissing(path: library) }
        if !Self.isReadable(engine) { return .engineMissing(path: engine) }
        return unsafe access(Self.linker, X_OK) == 0 ? nil : .systemIncomplete(Self.linker)
    }

    /// What is to be run, and in which folder: the library's. The dynamic linker would take a space
    /// or a colon in a path for the end of it, so it is given the file's name only.
    package func command(
        arguments: [String]
    ) -> (path: String, folder: String, words: [String]) {
        let name = library.split(separator: "/").last.map(String.init) ?? ""
        let words = [
            Self.linker, "--argv0", "mcp-v8-worker", "--preload", "./" + name, engine,
        ]
        return (Self.linker, Self.folder(of: library), words + arguments)
    }

    private static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    private static func folder(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// The folder that a build folder is in that this one is in: `/p` for `/p/.build/release`.
    private static func root(ofBuild folder: String) -> String? {
        let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
        let index = parts.lastIndex { $0 == ".build" || $0.hasPrefix(".build-") }
        return index.map { parts[..<$0].joined(separator: "/") }
    }
}
