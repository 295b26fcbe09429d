/// The keys of an authorization server, as they are now.
///
/// Keys in a file are replaced by whoever reads the file. Keys that are fetched are fetched when a
/// token needs them: once they are old, and when a token names one that is not among them, but
/// never more often than ``pause`` allows, whatever tokens come.
package actor SigningKeys {
    /// Gets the text of a key set.
    package typealias Fetch = @Sendable () async throws -> [UInt8]

    /// How long fetched keys are used without asking again.
    package static let freshness = Duration.seconds(600)
    /// How long they are used where the authorization server cannot be asked.
    package static let staleness = Duration.seconds(3600)
    /// How long it is not asked again after it was asked.
    package static let pause = Duration.seconds(10)

    private let fetch: Fetch?
    private let now: @Sendable () -> ContinuousClock.Instant
    private var keys: KeySet?
    private var keysSince: ContinuousClock.Instant?
    private var askedAt: ContinuousClock.Instant?
    private var asking: Task<KeySet?, Never>?

    /// Keys that are given, and stay until they are replaced.
    package init(_ keys: KeySet) {
        self.keys = keys
        fetch = nil
        now = { .now }
    }

    /// Keys that are fetched when they are needed.
    package init(
        fetch: @escaping Fetch, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.fetch = fetch
        self.now = now
    }

    /// Takes other keys.
    package func replace(_ keys: KeySet) {
        self.keys = keys
    }

    /// The keys, with the named one if the authorization server has it; nil where it cannot be
    /// asked.
    func keys(with keyID: String?) async -> KeySet? {
        guard let fetch else { return keys }
        let age = keysSince.map { $0.duration(to: now()) }
        let isFresh = age.map { $0 < SigningKeys.freshness } ?? false
        if let keys, isFresh, keys.has(keyID) { return keys }
        await ask(fetch)
        guard let since = keysSince, since.duration(to: now()) < SigningKeys.staleness else {
            return nil
        }
        return keys
    }

    private func ask(_ fetch: @escaping Fetch) async {
        if asking == nil {
            if let askedAt, askedAt.duration(to: now()) < SigningKeys.pause { return }
            askedAt = now()
            asking = Task {
                guard let text = try? await fetch() else { return nil }
                return try? await KeySet(text)
            }
        }
        guard let task = asking else { return }
        let fetched = await task.value
        // The first of those who waited settles it.
        guard asking == task else { return }
        asking = nil
        guard let fetched else { return }
        keys = fetched
        keysSince = now()
    }
}
