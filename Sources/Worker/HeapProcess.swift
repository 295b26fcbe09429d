import CSandbox
import Glibc
import Sandbox
import V8
import WorkerProtocol

/// The life of one worker process, from the fork to its end: it holds at most one isolate and
/// serves one heap.
enum HeapProcess {
    /// Serves the server's requests. Called in the child; never returns.
    static func run(
        descriptors: [Int32], parent: pid_t, isolates: OpenIsolates, confinement: Confinement,
        forking: Confinement.Forking
    ) -> Never {
        do {
            try arrange(descriptors: descriptors, parent: parent)
            let exchange = try ExchangeMemory(descriptor: WorkerDescriptor.exchange.rawValue)
            guard let words = unsafe csandbox_shared_words() else {
                throw WorkerError.system("mmap", errno: ENOMEM)
            }
            // All descriptors are open, no script has been read.
            var confinement = confinement
            confinement.limits.snapshotByteCountMax = UInt64(exchange.byteCount)
            confinement.limits.mappedByteCount += UInt64(exchange.mappedByteCount)
            let forking = try limit(confinement, forking)
            let watchdog = try Watchdog()
            try seal(confinement, event: watchdog.event, forking)
            var server = HeapServer(
                isolates: isolates,
                exchange: exchange,
                channel: Channel(descriptor: WorkerDescriptor.channel.rawValue, lock: words),
                watchdog: watchdog, forks: SnapshotForks(words: words), forking: forking)
            try server.run()
        } catch WorkerError.serverGone {
            _exit(0)
        } catch {
            report("\(error)\n")
            _exit(WorkerExit.protocolErrorCode)
        }
        _exit(0)
    }

    /// Leaves behind what belongs to the template.
    private static func arrange(descriptors: [Int32], parent: pid_t) throws(WorkerError) {
        let gone = csandbox_die_with_parent(parent)
        guard gone == 0 else { throw .system("PR_SET_PDEATHSIG", errno: -gone) }
        // What it forks is in its group for good, and ends with that.
        let leading = csandbox_lead_group()
        guard leading == 0 else { throw .system("setpgid", errno: -leading) }
        let first = WorkerDescriptor.channel.rawValue
        let count = Int32(descriptors.count)
        let kept = unsafe csandbox_keep_descriptors(descriptors, count, first)
        guard kept == 0 else { throw .system("descriptors", errno: -kept) }
        dup2(WorkerDescriptor.diagnostics.rawValue, STDERR_FILENO)
        dup2(WorkerDescriptor.diagnostics.rawValue, STDOUT_FILENO)
    }

    private static func limit(
        _ confinement: Confinement, _ forking: Confinement.Forking
    ) throws(WorkerError) -> Confinement.Forking {
        do throws(SandboxError) {
            // Private memory only: the shared exchange does not count.
            return try confinement.limitWorker(forking)
        } catch {
            throw .sandbox(error)
        }
    }

    private static func seal(
        _ confinement: Confinement, event: Int32, _ forking: Confinement.Forking
    ) throws(WorkerError) {
        do throws(SandboxError) {
            try confinement.sealWorker(
                channel: WorkerDescriptor.channel.rawValue, event: event, forking: forking)
        } catch {
            throw .sandbox(error)
        }
    }
}
