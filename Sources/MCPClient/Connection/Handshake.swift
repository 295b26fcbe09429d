package import MCP

/// In which era a server is spoken to.
package enum UpstreamEra: String, CaseIterable, Sendable {
    /// The newer one if the server knows it, else the older.
    case automatic = "auto"
    /// With `initialize`.
    case legacy
    /// Without a handshake.
    case modern
}

/// What a server says of itself before anything else.
package struct Greeting: Hashable, Sendable {
    /// The revision that both sides speak.
    package var revision: ProtocolRevision
    /// What the server can do.
    package var capabilities: JSONObject
    /// Its name, in at most 100 characters.
    package var name: String
    /// Its version, in at most 100 characters.
    package var version: String

    init(_ revision: ProtocolRevision, _ result: JSONObject) {
        self.revision = revision
        capabilities = result["capabilities"]?.object ?? [:]
        let meta = result["_meta"]?[MetaKey.serverInfo.rawValue]
        let info = result["serverInfo"] ?? meta ?? [:]
        name = String((info["name"]?.string ?? "").prefix(100))
        version = String((info["version"]?.string ?? "").prefix(100))
    }

    /// Whether it tells of changes in a list.
    func announcesChanges(of list: String) -> Bool {
        capabilities[list]?["listChanged"]?.boolean == true
    }
}

/// How two sides agree on a revision, without doing any of it.
struct Handshake {
    /// What was seen of the last step.
    enum Outcome {
        case result(JSONObject)
        case failure(RPCFailure)
        /// Nothing came in time.
        case silence
        /// The connection broke, or what came was no answer of this protocol.
        case broken(UpstreamError)
    }

    /// What is to be done next.
    enum Step: Equatable {
        /// Ask `server/discover`.
        case probe(ProtocolRevision)
        /// Ask `initialize`; on a new connection where the old one may be gone.
        case initialize(ProtocolRevision, Connection)
        /// Both sides agree.
        case ready(Greeting)
        case fail(UpstreamError)
    }

    enum Connection {
        case same
        case fresh
    }

    private enum Phase {
        /// Next: `initializing`, or `over`.
        case probing(isLast: Bool)
        /// Next: `probing`, if that may help, or `over`.
        case initializing(mayProbe: Bool)
        /// Terminal.
        case over
    }

    private let era: UpstreamEra
    private var phase: Phase

    init(_ era: UpstreamEra) {
        self.era = era
        phase = era == .legacy ? .initializing(mayProbe: false) : .probing(isLast: era == .modern)
    }

    /// The first step.
    var first: Step {
        era == .legacy ? .initialize(.newestLegacy, .same) : .probe(.july2026)
    }

    /// The step that follows from what was seen.
    mutating func next(after outcome: Outcome) -> Step {
        let step: Step
        switch phase {
        case .probing(let isLast): step = probed(outcome, isLast: isLast)
        case .initializing(let mayProbe): step = initialized(outcome, mayProbe: mayProbe)
        case .over: preconditionFailure("a handshake that is over goes on")
        }
        switch step {
        case .ready, .fail: phase = .over
        case .probe: phase = .probing(isLast: true)
        case .initialize: break
        }
        return step
    }

    private mutating func probed(_ outcome: Outcome, isLast: Bool) -> Step {
        switch outcome {
        case .result(let result):
            if result.revisions?.contains(.july2026) == true {
                return .ready(Greeting(.july2026, result))
            }
            return fallBack(.same, isLast, "It knows none of the revisions that we know")
        case .failure(let failure):
            if let revisions = failure.supportedRevisions, revisions.isEmpty {
                return .fail(Self.stranger("only revisions that are not known here"))
            }
            return fallBack(.same, isLast, "It answered \(failure)")
        case .silence: return fallBack(.same, isLast, "It did not answer", mayProbe: true)
        case .broken(let error):
            // What cannot be reached, or lets nobody in, does so in either era.
            if error.isAboutReach || error.isAboutAccess { return .fail(error) }
            return isLast ? .fail(error) : fallBack(.fresh, isLast, error.message)
        }
    }

    private mutating func fallBack(
        _ connection: Connection, _ isLast: Bool, _ reason: String, mayProbe: Bool = false
    ) -> Step {
        guard !isLast else { return .fail(Self.stranger("not 2026-07-28: \(reason)")) }
        phase = .initializing(mayProbe: mayProbe)
        return .initialize(.newestLegacy, connection)
    }

    private func initialized(_ outcome: Outcome, mayProbe: Bool) -> Step {
        switch outcome {
        case .result(let result):
            guard let version = result["protocolVersion"]?.string else {
                return .fail(.badAnswer("initialize without a protocolVersion"))
            }
            guard let revision = ProtocolRevision(rawValue: version), revision.era == .legacy else {
                return .fail(Self.stranger("revision \(version.prefix(40)), which is not known"))
            }
            return .ready(Greeting(revision, result))
        case .failure(let failure):
            let isModern = failure.supportedRevisions?.contains(.july2026) == true
            // A slow one may have read the first request by now, and expects what follows it.
            if mayProbe || (isModern && era == .automatic) { return .probe(.july2026) }
            return .fail(
                UpstreamError(.protocolError, "The server refused initialize: \(failure)", .notSent)
            )
        case .silence:
            return .fail(
                UpstreamError(
                    .unavailable, "The server did not answer initialize in time", .notSent,
                    retry: .sensible))
        case .broken(let error): return .fail(error)
        }
    }

    private static func stranger(_ what: String) -> UpstreamError {
        UpstreamError(.unavailable, "The server speaks \(what)", .notSent)
    }
}

extension JSONObject {
    /// The revisions in a result of `server/discover`.
    fileprivate var revisions: [ProtocolRevision]? {
        self["supportedVersions"]?.array?.compactMap {
            $0.string.flatMap(ProtocolRevision.init(rawValue:))
        }
    }
}

extension UpstreamError {
    /// Whether the server was never reached; one that answers with a status was.
    var isAboutReach: Bool { delivery == .notSent && details["status"] == nil }

    /// Whether the server lets nobody in who has not what we lack.
    var isAboutAccess: Bool {
        details["status"] == 401 || details["status"] == 403
    }
}
