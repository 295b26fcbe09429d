package import MCP

/// How much one upstream server may send, take and cost.
package struct UpstreamLimits: Sendable {
    /// What is read of one message; two levels of a result lie in the message around it.
    package var message = JSONLimits(
        byteCountMax: 64 << 20, depthMax: 203, valueCountMax: 2_000_000)
    /// The longest message that is sent; 4 MiB of arguments and what stands around them.
    package var requestByteCountMax = 5 << 20
    /// Bytes that wait for a server that does not read.
    package var unwrittenByteCountMax = 32 << 20
    /// Calls that are sent and not answered.
    package var callsAtATimeMax = 16
    /// Calls that wait for one of those to end.
    package var callsWaitingMax = 256
    /// How long a call may take without news of its progress, from when it is sent.
    package var callTimeout = Duration.seconds(60)
    /// How long a call may take that reports progress.
    package var callTimeoutMax = Duration.seconds(900)
    /// How long a server may take until it is ready.
    package var startTimeout = Duration.seconds(30)
    /// How long an answer to the newer era's first request is waited for.
    package var probeTimeout = Duration.seconds(5)
    /// How long a server that was told to end may take, before it is told by a signal.
    package var leaveTimeout = Duration.seconds(2)
    /// How long a server may take to end after that signal.
    package var terminationTimeout = Duration.seconds(3)
    /// Pages of one list.
    package var pageCountMax = 200
    /// Entries of one list, over all its pages.
    package var entryCountMax = 10_000
    /// Messages in a row that mean nothing, until a server is given up.
    package var uselessMessageCountMax = 1_000
    /// What is read of a line of standard error.
    package var complaintByteCountMax = 2_048
    /// Lines of standard error that are logged in a second.
    package var complaintsPerSecondMax = 20
    /// Requests of the server that are answered at a time.
    package var questionsAtATimeMax = 16
    /// How often a call may ask for input before it is given up.
    package var inputRoundCountMax = 8

    /// Takes the defaults.
    package init() {}
}
