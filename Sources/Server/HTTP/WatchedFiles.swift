internal import Foundation
internal import Logging
internal import UnixSignals

/// Files that are read at the start, and again when they change: certificates are renewed, and
/// tokens come and go, while the server serves.
struct WatchedFiles: Sendable {
    /// Files that are of use together, and what to do with new content.
    struct Group: Sendable {
        /// By the option that named them.
        var name: String
        var paths: [String]
        /// What they held when they were read last.
        var contents: [[UInt8]]
        var apply: @Sendable ([[UInt8]]) async throws -> Void
    }

    /// How often they are looked at where no signal asks for it.
    static let interval = Duration.seconds(30)

    private(set) var groups: [Group] = []
    let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Watches these files from now on.
    mutating func add(_ group: Group) {
        groups.append(group)
    }

    /// Looks at them every now and then, and at once at `SIGHUP`, until it is cancelled.
    func run() async {
        let (reasons, continuation) = AsyncStream<Void>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { continuation.yield() }
            }
            group.addTask {
                while (try? await Task.sleep(for: WatchedFiles.interval)) != nil {
                    continuation.yield()
                }
            }
            var groups = groups
            for await _ in reasons {
                for index in groups.indices { await refresh(&groups[index]) }
            }
            group.cancelAll()
        }
    }

    private func refresh(_ group: inout Group) async {
        let contents = group.paths.map { FileManager.default.contents(atPath: $0).map(Array.init) }
        let read = contents.compactMap(\.self)
        guard read.count == contents.count else {
            logger.error(
                "File cannot be read; what it held stays", metadata: ["option": "\(group.name)"])
            return
        }
        guard read != group.contents else { return }
        group.contents = read
        do {
            try await group.apply(read)
            logger.notice("File read again", metadata: ["option": "\(group.name)"])
        } catch {
            logger.error(
                "File cannot be used; what it held stays",
                metadata: ["option": "\(group.name)", "reason": "\(error)"])
        }
    }

    /// Reads a file that an option names.
    ///
    /// - Throws: ``SettingsError/invalid(_:)``.
    static func read(_ path: String, of option: String) throws(SettingsError) -> [UInt8] {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw .invalid("the file of \(option), \(path), cannot be read")
        }
        return Array(content)
    }
}
