import CAttacks
import CSandbox
import Glibc
import Sandbox
import WorkerProtocol

/// Confines itself as the template does, forks one process confined as a worker for each attempt to
/// get out, and tells on standard output which ones succeeded.
///
/// Usage: `SandboxAttacks MODE TARGET`: `jit`, `jitless` or `forks` (as `jit`, in a worker that
/// makes snapshots by fork), and the id of a process of the same user; or `tool`, for attacks by a
/// program that is confined as the one that strips types: `ToolAttacks` beside this one.
///
/// Each line is a word and what it is about: an attempt that `succeeded`, was `refused`, or is
/// `untried`, and then `because` of what; a layer that is `missing`; forks that are `possible`, by
/// what this process may do before it is confined, and `granted`.
///
/// There is no way to run it without confinement: as root the attempts change the machine.
@main
struct SandboxAttacks {
    private static let channel = WorkerDescriptor.channel.rawValue
    private static let succeeded: Int32 = 9
    private static let untried: Int32 = 2
    /// The longest that the kernel may take to end what was killed.
    private static let millisecondCountMax = 60_000

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let target = Int32(arguments[2]) else { exit(2) }
        if arguments[1] == "tool" { return attackAsTool(arguments[0]) }
        let confinement = Confinement(
            level: .on, mode: arguments[1] == "jitless" ? .jitless : .jit,
            limits: ResourceLimits(dataByteCountMax: 1 << 30))
        if attack_may_make_user_namespace() == 1 { say("possible forks") }
        do throws(SandboxError) {
            for entry in try confinement.confineTemplate().missing { say("missing \(entry)") }
        } catch {
            say("unconfined \(error)")
            exit(1)
        }
        guard getuid() != 0, geteuid() != 0 else { exit(1) }
        let forking = arguments[1] == "forks" ? granted(in: confinement) : .none
        for index in 0..<attack_count() {
            let name = unsafe String(cString: attack_name(index))
            say("\(attack(index, on: target, in: confinement, forking)) \(name)")
        }
    }

    private static func attackAsTool(_ program: String) {
        let folder = program.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = (folder + ["ToolAttacks"]).joined(separator: "/")
        guard let attacks = ToolAttacks(path: path) else { exit(1) }
        defer { attacks.end() }
        for index in 0..<attack_count() {
            let name = unsafe String(cString: attack_name(index))
            let status = attacks.make(index)
            let end: End =
                status < 0 ? .failed("no process (errno \(-status))") : End(waitStatus: status)
            say("\(word(for: end)) \(name)")
        }
    }

    /// What a worker that asks for forks gets: where the kernel cannot count its processes, none.
    private static func granted(in confinement: Confinement) -> Confinement.Forking {
        let end = fork { () throws(SandboxError) in
            try confinement.limitWorker(.snapshots) == .snapshots ? succeeded : 0
        }
        guard end == .exited(succeeded) else { return .none }
        say("granted forks")
        return .snapshots
    }

    /// Whether it succeeded, was refused, or why it was not tried.
    private static func attack(
        _ index: Int32, on target: Int32, in confinement: Confinement,
        _ forking: Confinement.Forking
    ) -> String {
        var ends: [Int32] = [-1, -1]
        guard unsafe csandbox_stream_pair(&ends) == 0 else { return untried("no socket") }
        let far = ends[1]
        let end = fork { () throws(SandboxError) in
            guard unsafe csandbox_keep_descriptors([far], 1, channel) == 0 else {
                return give("no descriptor")
            }
            guard try confinement.limitWorker(forking) == forking else { return give("no forks") }
            // Where a worker has its second thread by now.
            let thread = unsafe csandbox_start_thread(
                { _ in
                    pause()
                    return nil
                }, nil)
            guard thread == 0 else { return give("no thread (errno \(-thread))") }
            try confinement.sealWorker(
                channel: channel, event: channel + 1, forking: forking, refusal: .failure)
            let refused = unsafe attack_try(index, target, channel, "/etc/shadow") == 0
            return refused ? 0 : succeeded
        }
        close(ends[0])
        close(ends[1])
        return word(for: end)
    }

    private static func word(for end: End) -> String {
        switch end {
        // The filter answers other kinds of system calls by death in any case.
        case .exited(0), .signalled(SIGSYS): "refused"
        case .exited(succeeded): "succeeded"
        case .exited(let code): untried("it ended with code \(code)")
        case .signalled(let signal): untried("it ended by signal \(signal)")
        case .failed(let why): untried(why)
        }
    }

    /// How a process ended.
    private enum End: Equatable {
        case exited(Int32)
        case signalled(Int32)
        /// There was none, or something of it is left.
        case failed(String)

        init(waitStatus status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        }
    }

    /// Runs `body` in a process that leads its group and ends with the code that it gives, and ends
    /// what that has forked.
    private static func fork(_ body: () throws(SandboxError) -> Int32) -> End {
        let child = csandbox_fork()
        if child == 0 {
            guard csandbox_lead_group() == 0 else { _exit(give("no group")) }
            do throws(SandboxError) { _exit(try body()) } catch { _exit(give("\(error)")) }
        }
        guard child > 0 else { return .failed("no process (errno \(-child))") }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return .failed("no end (errno \(errno))") }
        }
        guard csandbox_kill_group(child) == 0, isEmpty(group: child) else {
            return .failed("a copy is left")
        }
        return End(waitStatus: status)
    }

    /// Waits until nobody is in a group whose processes were killed.
    private static func isEmpty(group: pid_t) -> Bool {
        for _ in 0..<millisecondCountMax {
            guard kill(-group, 0) == 0 else { return errno == ESRCH }
            usleep(1000)
        }
        return false
    }

    private static func give(_ why: String) -> Int32 {
        say("because \(why)")
        return untried
    }

    private static func untried(_ why: String) -> String {
        say("because \(why)")
        return "untried"
    }

    private static func say(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { utf8 in _ = unsafe write(STDOUT_FILENO, utf8.baseAddress, utf8.count) }
    }
}
