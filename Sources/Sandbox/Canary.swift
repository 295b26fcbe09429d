internal import CSandbox
internal import Glibc
import WorkerProtocol

/// The proof that a confined process is confined: two forks that do what no worker may.
struct Canary {
    /// Where a worker has its channel.
    private static let channel = WorkerDescriptor.channel.rawValue
    private static let byteCountMax = 1024

    let confinement: Confinement

    /// Sends one process to try what a broken-out script would, and one to be ended for it.
    ///
    /// - Returns: The layers that a worker adds to the template's.
    /// - Throws: ``SandboxError`` where either did not go as it must.
    func run() throws(SandboxError) -> SandboxReport {
        var report = try tryToEscape()
        guard report.missing.isEmpty else { return report }
        let signal = try dieOfForbiddenCall()
        guard signal == SIGSYS else {
            throw .unproven("a forbidden system call ended a process with signal \(signal)")
        }
        report.add(.proof, .on)
        return report
    }

    private func tryToEscape() throws(SandboxError) -> SandboxReport {
        var ends: [Int32] = [-1, -1]
        guard unsafe csandbox_stream_pair(&ends) == 0 else { throw .unproven("no socket") }
        let child = csandbox_fork()
        if child == 0 { report(on: ends[1]) }
        close(ends[1])
        defer { close(ends[0]) }
        guard child > 0 else { throw .unproven("no process (errno \(-child))") }
        let said = readAll(ends[0])
        _ = end(of: child)
        let report: SandboxReport
        let attempt: String
        do throws(WireError) {
            var reader = WireReader(said)
            report = try SandboxReport(from: &reader)
            attempt = try reader.readText()
        } catch {
            throw .unproven("the process that tried to escape did not tell how it went")
        }
        guard attempt.isEmpty else { throw .escaped(attempt: attempt) }
        return report
    }

    /// Confines this process as a worker, tries to escape, and tells how it went.
    private func report(on socket: Int32) -> Never {
        guard unsafe csandbox_keep_descriptors([socket], 1, Canary.channel) == 0 else { _exit(1) }
        var report = SandboxReport()
        var attempt = ""
        do throws(SandboxError) {
            try confine(.failure)
            report.add(.resourceLimits, .on)
            report.add(.systemCallFilter, .on)
            var name: UnsafePointer<CChar>?
            _ = unsafe csandbox_try_to_escape(&name)
            if let name = unsafe name { attempt = unsafe String(cString: name) }
        } catch .refused(let layer, let errno) {
            report.add(layer, .refused(errno: errno))
        } catch {
            _exit(1)
        }
        var writer = WireWriter()
        report.write(to: &writer)
        writer.write(attempt)
        let bytes = writer.bytes
        _ = unsafe send(Canary.channel, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        _exit(0)
    }

    /// The number of the signal that ended a process which made a forbidden call; 0 for none.
    private func dieOfForbiddenCall() throws(SandboxError) -> Int32 {
        let child = csandbox_fork()
        if child == 0 {
            do throws(SandboxError) { try confine(.death) } catch { _exit(1) }
            var name: UnsafePointer<CChar>?
            _ = unsafe csandbox_try_to_escape(&name)
            _exit(0)
        }
        guard child > 0 else { throw .unproven("no process (errno \(-child))") }
        return end(of: child) & 0x7f
    }

    private func confine(_ refusal: Confinement.Refusal) throws(SandboxError) {
        _ = try confinement.limitWorker()
        try confinement.sealWorker(
            channel: Canary.channel, event: Canary.channel, refusal: refusal)
    }

    private func end(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return status
    }

    private func readAll(_ socket: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Canary.byteCountMax)
        var filled = 0
        while filled < bytes.count {
            let room = bytes.count - filled
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(socket, buffer.baseAddress?.advanced(by: filled), room)
            }
            if count == 0 || (count < 0 && errno != EINTR) { break }
            if count > 0 { filled += count }
        }
        return Array(bytes[..<filled])
    }
}
