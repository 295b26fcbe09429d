/// How a line of the log looks.
enum LogFormat: String, CaseIterable, Sendable {
    /// For people: `2026-11-27T10:00:00.000Z info Execution ended outcome=value`.
    case text
    /// For programs: one JSON object.
    case json
}
