import Glibc

/// The two descriptors over which a client is served.
package final class StdioStreams: Sendable {
    /// Where the client's messages come from.
    package let input: FileDescriptor
    /// Where answers go.
    package let output: FileDescriptor

    /// Takes over two descriptors.
    package init(input: consuming FileDescriptor, output: consuming FileDescriptor) {
        self.input = input
        self.output = output
    }

    /// Takes standard input and output away from everything else in the process.
    ///
    /// From then on what prints to standard output ends in standard error, so that it cannot
    /// corrupt the protocol, and what reads standard input finds its end. Children inherit neither.
    ///
    /// - Throws: ``TransportError/systemCall(_:errno:)``.
    package static func claim() throws(TransportError) -> StdioStreams {
        // A client that goes away is an error of `write`, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let input = try duplicate(STDIN_FILENO)
        let output = try duplicate(STDOUT_FILENO)
        let null = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard null >= 0 else { throw .systemCall(.openNull, errno: errno) }
        let nullInput = FileDescriptor(adopting: null)
        guard dup2(nullInput.number, STDIN_FILENO) >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0
        else { throw .systemCall(.duplicateDescriptor, errno: errno) }
        return StdioStreams(input: input, output: output)
    }

    private static func duplicate(_ number: Int32) throws(TransportError) -> FileDescriptor {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .systemCall(.duplicateDescriptor, errno: errno) }
        return FileDescriptor(adopting: copy)
    }
}
