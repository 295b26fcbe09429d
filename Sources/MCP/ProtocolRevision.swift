/// The two ways in which clients speak MCP.
package enum Era: Hashable, Sendable {
    /// A handshake with `initialize`, then requests that rely on it.
    case legacy
    /// No handshake: each request says its revision and what its client can do.
    case modern
}

/// A published revision of the MCP specification that is served.
package enum ProtocolRevision: String, CaseIterable, Comparable, Sendable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"
    case july2026 = "2026-07-28"

    /// The revisions without a handshake.
    static let modern = allCases.filter { $0.era == .modern }

    /// The newest with a handshake: what a client gets that asks for one that is not served.
    package static let newestLegacy = ProtocolRevision.november2025

    /// What a client is taken for that has not said its revision.
    static let assumed = ProtocolRevision.march2025

    /// How this revision's clients speak.
    package var era: Era {
        self < .july2026 ? .legacy : .modern
    }

    /// Something that not every revision has, and that older clients may choke on.
    enum Feature {
        case toolAnnotations
        case progressMessage
        case batch
        case title
        case structuredContent
        case implementationDetails
        case tasks
        case audioContent
    }

    /// Whether messages of this revision may have it.
    func has(_ feature: Feature) -> Bool {
        switch feature {
        case .batch: self == .march2025
        // The next revision has them as an extension, in another form.
        case .tasks: self == .november2025
        case .toolAnnotations, .progressMessage, .audioContent: self >= .march2025
        case .title, .structuredContent: self >= .june2025
        case .implementationDetails: self >= .november2025
        }
    }

    var json: JSON { .string(rawValue) }

    /// Orders by date of publication.
    package static func < (left: ProtocolRevision, right: ProtocolRevision) -> Bool {
        left.rawValue < right.rawValue
    }
}
