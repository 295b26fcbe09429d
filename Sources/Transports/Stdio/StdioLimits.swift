/// How long a stdio transport waits at its end, and how much it keeps.
///
/// Clients that want a server to end close its input, and send a signal two seconds later. From
/// that on `cancelling` and `flushing` together are less than another two.
package struct StdioLimits: Hashable, Sendable {
    /// After the end of input, how long running calls may still answer while somebody reads:
    /// `echo … | mcp-v8` works. They have deadlines of their own; this is for what has none.
    package var answering: Duration
    /// How long cancelled calls may take to end.
    package var cancelling: Duration
    /// How long queued answers may take to be written when all calls have ended.
    package var flushing: Duration
    /// With more unwritten bytes than this nothing more is read.
    package var unwrittenByteCountMax: Int

    /// Sets limits.
    package init(
        answering: Duration = .seconds(330), cancelling: Duration = .milliseconds(700),
        flushing: Duration = .milliseconds(300), unwrittenByteCountMax: Int = 4 << 20
    ) {
        self.answering = answering
        self.cancelling = cancelling
        self.flushing = flushing
        self.unwrittenByteCountMax = unwrittenByteCountMax
    }
}
