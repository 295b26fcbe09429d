import CAttacks
import CSandbox
import Glibc
import Sandbox
import WorkerProtocol

/// Confines itself as the template does, forks one process confined as a worker for each attempt to
/// get out, and tells on standard output which ones succeeded.
///
/// Usage: `SandboxAttacks MODE TARGET`: `jit`, `jitless` or `forks` (as `jit`, in a worker that
/// makes snapshots by fork), and the id of a process of the same user.
///
/// There is no way to run it without confinement: as root the attempts change the machine.
@main
struct SandboxAttacks {
    private static let channel = WorkerDescriptor.channel.rawValue

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let target = Int32(arguments[2]) else { exit(2) }
        let confinement = Confinement(
            level: .on, mode: arguments[1] == "jitless" ? .jitless : .jit,
            limits: ResourceLimits(dataByteCountMax: 1 << 30))
        do throws(SandboxError) {
            for entry in try confinement.confineTemplate().missing { say("missing \(entry)") }
        } catch {
            say("unconfined \(error)")
            exit(1)
        }
        guard getuid() != 0, geteuid() != 0 else { exit(1) }
        for index in 0..<attack_count() {
            let name = unsafe String(cString: attack_name(index))
            let forking: Confinement.Forking = arguments[1] == "forks" ? .snapshots : .none
            say("\(attack(index, on: target, in: confinement, forking)) \(name)")
        }
    }

    /// Whether it succeeded, was refused, or how else the process ended.
    private static func attack(
        _ index: Int32, on target: Int32, in confinement: Confinement,
        _ forking: Confinement.Forking
    ) -> String {
        var ends: [Int32] = [-1, -1]
        guard unsafe csandbox_stream_pair(&ends) == 0 else { return "untried" }
        let child = csandbox_fork()
        if child == 0 {
            guard unsafe csandbox_keep_descriptors([ends[1]], 1, channel) == 0 else { _exit(2) }
            do throws(SandboxError) {
                guard csandbox_lead_group() == 0 else { _exit(2) }
                let granted = try confinement.limitWorker(forking)
                guard granted == forking else { _exit(2) }
                // Where a worker has its second thread by now.
                let thread = unsafe csandbox_start_thread(
                    { _ in
                        pause()
                        return nil
                    }, nil)
                guard thread == 0 else { _exit(2) }
                try confinement.sealWorker(
                    channel: channel, event: channel + 1, forking: granted, refusal: .failure)
            } catch {
                _exit(2)
            }
            _exit(attack_try(index, target, channel) == 0 ? 0 : 9)
        }
        close(ends[1])
        defer { close(ends[0]) }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
        _ = csandbox_kill_group(child)
        // The filter answers other kinds of system calls by death in any case.
        if status & 0x7f != 0 { return "refused" }
        return switch (status >> 8) & 0xff {
        case 0: "refused"
        case 9: "succeeded"
        default: "untried"
        }
    }

    private static func say(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { utf8 in _ = unsafe write(STDOUT_FILENO, utf8.baseAddress, utf8.count) }
    }
}
