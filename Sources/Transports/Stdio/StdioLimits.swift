/// How long a stdio transport waits at its end, and how much it keeps.
///
/// Clients give a server two seconds between the end of its input and a signal, so the durations
/// together stay below.
package struct StdioLimits: Hashable, Sendable {
    /// After the end of input, how long running calls may still answer: `echo … | mcp-v8` works.
    package var answering: Duration
    /// How long cancelled calls may take to end.
    package var cancelling: Duration
    /// How long queued answers may take to be written when all calls have ended.
    package var flushing: Duration
    /// With more unwritten bytes than this nothing more is read.
    package var unwrittenByteCountMax: Int

    /// Sets limits.
    package init(
        answering: Duration = .milliseconds(700), cancelling: Duration = .milliseconds(700),
        flushing: Duration = .milliseconds(300), unwrittenByteCountMax: Int = 4 << 20
    ) {
        self.answering = answering
        self.cancelling = cancelling
        self.flushing = flushing
        self.unwrittenByteCountMax = unwrittenByteCountMax
    }
}
