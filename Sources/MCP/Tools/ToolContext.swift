/// What a running call can reach beside its arguments.
///
/// Cancellation is that of the task.
package struct ToolContext: Sendable {
    var progress: ProgressReporter?
    var log: LogReporter?
    /// Where a call that answers later says what it does.
    var reportStatus: (@Sendable (String) -> Void)?

    /// Whether anyone hears ``reportProgress(_:)``; if not, there is no need to make a message.
    package var isProgressWanted: Bool { progress != nil || reportStatus != nil }

    /// Tells the client that the call is alive and what it does.
    ///
    /// It may be called from anywhere, as often as one likes: what is too much, or comes after the
    /// call's end, is dropped.
    package func reportProgress(_ message: String) {
        progress?.report(message)
        reportStatus?(String(message.prefix(ProgressReporter.messageLengthMax)))
    }

    /// Sends the client a log message, if it wants those of this level; under the same rules.
    package func log(_ level: LogLevel, _ message: String) {
        log?.log(level, message)
    }

    /// Lets nothing more reach the client: its call was answered.
    func close() {
        progress?.close()
        log?.close()
    }
}
