/// What a running call can reach beside its arguments.
///
/// Cancellation is that of the task.
package struct ToolContext: Sendable {
    let progress: ProgressReporter?

    /// Whether anyone hears ``reportProgress(_:)``; if not, there is no need to make a message.
    package var isProgressWanted: Bool { progress != nil }

    /// Tells the client that the call is alive and what it does.
    ///
    /// It may be called from anywhere, as often as one likes: what is too much, or comes after the
    /// call's end, is dropped.
    package func reportProgress(_ message: String) {
        progress?.report(message)
    }
}
