import Glibc
import Synchronization

@testable import Heaps

/// A file system in memory that knows what is on the disk and what is not yet, and ends at a chosen
/// step.
final class SimulatedFiles: FileOperations {
    /// What happens at the chosen step.
    enum Fault: Hashable {
        /// The call fails and changes nothing; a failed synchronise drops what was to be written.
        case failure(CInt)
        /// The process ends before the call; every later call fails too.
        case crash
        /// Only one byte is written, and the call succeeds.
        case shortWrite
    }

    /// What is left for the next start.
    enum Restart: Hashable, CaseIterable {
        /// The process was killed: what it did is in the kernel.
        case processKilled
        /// The power went: only what was synchronised is there.
        case powerLost
        /// The power went after the names, but before the bytes, were written.
        case powerLostWithNames
        /// The power went while the disk was writing: of what was not synchronised, some names are
        /// there and others not, and some bytes, some of them as zeros.
        case torn(seed: UInt64)

        static let allCases: [Restart] =
            [.processKilled, .powerLost, .powerLostWithNames]
            + (1...4).map { .torn(seed: $0) }
    }

    struct File {
        var bytes: [UInt8] = []
        var durableBytes: [UInt8] = []
        var synchronizeFailed = false
        var written = WallTime.example
    }

    enum Entry: Hashable {
        case folder
        case file(Int)
    }

    /// What is in every folder.
    struct Names {
        var folders: [String: [String: Entry]] = ["": [:]]

        subscript(path: String) -> Entry? {
            get {
                let (folder, name) = Self.split(path)
                return name.isEmpty ? .folder : folders[folder]?[name]
            }
            set {
                let (folder, name) = Self.split(path)
                folders[folder, default: [:]][name] = newValue
            }
        }

        static func split(_ path: String) -> (folder: String, name: String) {
            guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
            return (String(path[..<slash]), String(path[path.index(after: slash)...]))
        }
    }

    struct State {
        var files: [File] = []
        var names = Names()
        var durableNames = Names()
        var open: [Descriptor: (path: String, entry: Entry, position: Int)] = [:]
        var lastDescriptor: Descriptor = 0
        var stepCount = 0
        var faultStep: Int?
        var fault = Fault.crash
        var crashed = false
        var hasFailedToSynchronize = false
        /// Steps that a careful program does not take.
        var mistakes: [String] = []
    }

    let state: Mutex<State>

    /// Numbers that look random, the same for the same seed.
    struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32 | state << 32
        }
    }

    init(_ state: sending State = State()) {
        self.state = Mutex(state)
    }

    /// Lets the step that is so many ahead fail.
    func inject(_ fault: Fault, atStep step: Int) {
        state.withLock { state in
            state.fault = fault
            state.faultStep = state.stepCount + step
        }
    }

    /// How many steps there have been.
    var stepCount: Int { state.withLock { $0.stepCount } }
    var mistakes: [String] { state.withLock { $0.mistakes } }
    /// Whether the fault was that of a synchronisation.
    var hasFailedToSynchronize: Bool { state.withLock { $0.hasFailedToSynchronize } }

    /// The file system that the next process finds.
    func restarted(after restart: Restart) -> SimulatedFiles {
        let old = state.withLock { $0 }
        var new = State(files: old.files, names: old.names, durableNames: old.durableNames)
        if restart == .powerLost { new.names = old.durableNames }
        if restart == .powerLostWithNames { new.durableNames = old.names }
        if case .torn(let seed) = restart {
            new.tear(seed: seed)
        } else if restart != .processKilled {
            for index in new.files.indices {
                new.files[index].bytes = new.files[index].durableBytes
            }
        }
        return SimulatedFiles(new)
    }

    /// The same file system for another process, and another try.
    func copied() -> SimulatedFiles {
        let old = state.withLock { $0 }
        return SimulatedFiles(
            State(files: old.files, names: old.names, durableNames: old.durableNames))
    }

    private func step<Result: Sendable>(
        _ body: (inout State) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        try state.withLock { state throws(SystemError) in
            state.stepCount += 1
            if state.stepCount == state.faultStep {
                switch state.fault {
                case .failure(let code):
                    // An interrupted call is made again and succeeds.
                    throw SystemError(code: code)
                case .crash: state.crashed = true
                case .shortWrite: break
                }
            }
            if state.crashed { throw SystemError(code: ECANCELED) }
            return try body(&state)
        }
    }
}

extension SimulatedFiles {
    func makeFolder(_ path: String) throws(SystemError) {
        try step { state throws(SystemError) in
            guard state.names[path] == nil else { throw .exists }
            state.names[path] = .folder
            state.names.folders[path] = [:]
        }
    }

    func createFile(_ path: String) throws(SystemError) -> Descriptor {
        try step { state throws(SystemError) in
            guard state.names[path] == nil else { throw .exists }
            state.files.append(File())
            state.names[path] = .file(state.files.count - 1)
            return Self.opened(path, in: &state)
        }
    }

    func open(_ path: String) throws(SystemError) -> Descriptor {
        try step { state throws(SystemError) in
            guard state.names[path] != nil else { throw .notFound }
            return Self.opened(path, in: &state)
        }
    }

    func openLock(_ path: String) throws(SystemError) -> Descriptor {
        try step { state throws(SystemError) in
            if state.names[path] == nil {
                state.files.append(File())
                state.names[path] = .file(state.files.count - 1)
            }
            return Self.opened(path, in: &state)
        }
    }

    private static func opened(_ path: String, in state: inout State) -> Descriptor {
        state.lastDescriptor += 1
        state.open[state.lastDescriptor] = (path, state.names[path] ?? .folder, 0)
        return state.lastDescriptor
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Descriptor) throws(SystemError) -> Int {
        try step { state throws(SystemError) in
            let index = try Self.file(file, in: state)
            let isShort = state.stepCount == state.faultStep && state.fault == .shortWrite
            let some = isShort ? bytes.prefix(1) : bytes
            state.files[index].bytes += some
            return some.count
        }
    }

    private static func file(_ file: Descriptor, in state: State) throws(SystemError) -> Int {
        guard case .file(let index) = state.open[file]?.entry else {
            throw SystemError(code: EBADF)
        }
        return index
    }

    func read(_ file: Descriptor, byteCountMax: Int) throws(SystemError) -> [UInt8] {
        try step { state throws(SystemError) in
            let index = try Self.file(file, in: state)
            let position = state.open[file]?.position ?? 0
            let some = state.files[index].bytes.dropFirst(position).prefix(byteCountMax)
            state.open[file]?.position += some.count
            return Array(some)
        }
    }

    func status(of file: Descriptor) throws(SystemError) -> FileStatus {
        try step { state throws(SystemError) in
            let file = state.files[try Self.file(file, in: state)]
            return FileStatus(byteCount: file.bytes.count, written: file.written)
        }
    }

    func setWritten(_ path: String, to moment: WallTime) throws(SystemError) {
        try step { state throws(SystemError) in
            guard case .file(let index) = state.names[path] else { throw .notFound }
            state.files[index].written = moment
        }
    }

    func synchronize(_ file: Descriptor) throws(SystemError) {
        let target = state.withLock { $0.open[file] }
        do throws(SystemError) {
            try step { state throws(SystemError) in
                guard let target else { throw SystemError(code: EBADF) }
                switch target.entry {
                case .file(let index):
                    if state.files[index].synchronizeFailed {
                        // The kernel says yes and has dropped the bytes.
                        state.mistakes.append("\(target.path) was synchronised after a failure")
                    } else {
                        state.files[index].durableBytes = state.files[index].bytes
                    }
                case .folder:
                    state.durableNames.folders[target.path] = state.names.folders[target.path]
                }
            }
        } catch {
            state.withLock { $0.hasFailedToSynchronize = true }
            if case .file(let index) = target?.entry, error != .interrupted {
                state.withLock { $0.files[index].synchronizeFailed = true }
            }
            throw error
        }
    }

    func close(_ file: Descriptor) {
        state.withLock { $0.open[file] = nil }
    }

    func link(_ path: String, as newPath: String) throws(SystemError) {
        try step { state throws(SystemError) in
            guard state.names[newPath] == nil else { throw .exists }
            guard let entry = state.names[path] else { throw .notFound }
            state.names[newPath] = entry
        }
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        try step { state throws(SystemError) in
            guard let entry = state.names[path] else { throw .notFound }
            state.names[path] = nil
            state.names[newPath] = entry
        }
    }

    func remove(_ path: String) throws(SystemError) {
        try step { state throws(SystemError) in
            guard state.names[path] != nil else { throw .notFound }
            state.names[path] = nil
        }
    }

    func names(in folder: String) throws(SystemError) -> [String] {
        try step { state throws(SystemError) in
            Array((state.names.folders[folder] ?? [:]).keys)
        }
    }

    func removeIfAbandoned(_ path: String, before: WallTime) throws(SystemError) {
        try remove(path)
    }
}

extension SimulatedFiles.State {
    /// Leaves of what was not synchronised what the disk happened to have written.
    fileprivate mutating func tear(seed: UInt64) {
        var dice = SimulatedFiles.Dice(state: seed &* 0x9E37_79B9_7F4A_7C15)
        for index in files.indices where files[index].bytes != files[index].durableBytes {
            files[index].bytes = Self.torn(files[index], by: &dice)
        }
        for index in files.indices { files[index].durableBytes = files[index].bytes }
        let paths = Set(names.folders.keys).union(durableNames.folders.keys).sorted()
        for path in paths {
            let volatile = names.folders[path] ?? [:]
            let durable = durableNames.folders[path] ?? [:]
            var found = durable
            for name in Set(volatile.keys).union(durable.keys).sorted()
            where volatile[name] != durable[name] && Bool.random(using: &dice) {
                found[name] = volatile[name]
            }
            names.folders[path] = found
        }
        // A folder whose own name is not there cannot be entered.
        for path in paths where names[path] == nil { names.folders[path] = nil }
        for (path, entries) in names.folders {
            for (name, entry) in entries where entry == .folder {
                let folder = path.isEmpty ? name : "\(path)/\(name)"
                if names.folders[folder] == nil { names.folders[folder] = [:] }
            }
        }
        durableNames = names
    }

    private static func torn(
        _ file: SimulatedFiles.File, by dice: inout SimulatedFiles.Dice
    ) -> [UInt8] {
        let count = Int.random(in: 0...file.bytes.count, using: &dice)
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: return file.durableBytes
        case 1: return file.bytes
        case 2: return Array(file.bytes.prefix(count))
        default:
            // The length came first.
            return Array(file.bytes.prefix(count))
                + [UInt8](repeating: 0, count: file.bytes.count - count)
        }
    }
}
