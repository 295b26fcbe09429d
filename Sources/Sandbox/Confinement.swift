internal import CSandbox
internal import Glibc
package import WorkerProtocol

/// What the kernel lets workers do, as a policy: which layers there are, in which order they go on,
/// and which ones must hold.
///
/// Most layers go on once, around the template, and its forks have them from birth. A worker adds
/// what it could not be born with.
package struct Confinement: Sendable {
    /// What happens in a worker at a system call that is not allowed.
    package enum Refusal: Sendable {
        /// The process ends with `SIGSYS`.
        case death
        /// The call fails. For proofs and tests.
        case failure
    }

    /// Whether a worker may fork, to have a snapshot made of it while it goes on.
    package enum Forking: Sendable {
        /// It may not: the default.
        case none
        /// Copies of itself, ``ResourceLimits/forkCountMax`` at a time.
        case snapshots
    }

    /// How much confinement is asked for.
    package var level: SandboxLevel
    /// Whether V8 may make machine code, which needs memory that is executable.
    package var mode: EngineIdentity.Mode
    /// What a worker may use of the machine.
    package var limits: ResourceLimits

    /// Makes a policy; nothing happens yet.
    package init(level: SandboxLevel, mode: EngineIdentity.Mode, limits: ResourceLimits) {
        self.level = level
        self.mode = mode
        self.limits = limits
    }

    /// Confines the template for good, proves that what it forks is confined, and tells which
    /// layers hold.
    ///
    /// It must have one thread, no child, and have read every file that it needs.
    ///
    /// - Throws: ``SandboxError`` where a layer does not hold that must.
    package func confineTemplate() throws(SandboxError) -> SandboxReport {
        guard level != .off else { return SandboxReport() }
        var report = SandboxReport()
        hide(&report)
        for entry in try Canary(confinement: self).run().entries {
            report.add(entry.layer, entry.state)
        }
        let missing = report.missing.filter { level == .required || $0.layer.isEssential }
        guard missing.isEmpty else { throw .missing(missing) }
        return report
    }

    /// The first part of a worker's confinement, before its thread is made: the kernel applies
    /// Landlock to one thread and to those that it starts.
    ///
    /// - Parameter forking: what the worker is to be able to do.
    /// - Returns: What it will be able to do: where the kernel cannot count this worker's processes
    ///   by themselves, it may not fork.
    package func limitWorker(_ forking: Forking = .none) throws(SandboxError) -> Forking {
        guard level != .off else {
            try limits.applyToMemory()
            return .none
        }
        let granted = forking == .snapshots && csandbox_own_process_count() == 0
        // Around the template it is one for all; this one keeps workers from each other.
        _ = csandbox_landlock()
        try limits.apply()
        return granted ? .snapshots : .none
    }

    /// The last part, once every thread runs and every descriptor is open.
    package func sealWorker(
        channel: Int32, event: Int32, forking: Forking = .none, refusal: Refusal = .death
    ) throws(SandboxError) {
        guard level != .off else { return }
        try limits.applyLast(forking)
        let result = csandbox_filter_system_calls(
            csandbox_filter(
                channel: channel, event: event, forks: forking == .snapshots ? 1 : 0,
                executable_memory: mode == .jit ? 1 : 0,
                lenient: refusal == .failure ? 1 : 0))
        guard result == 0 else { throw .refused(.systemCallFilter, errno: -result) }
    }

    private func hide(_ report: inout SandboxReport) {
        report.note(.outOfMemoryFirst, csandbox_out_of_memory_first())
        if csandbox_can_make_namespaces() == 1 {
            // Root's namespaces belong to root, and what is in them has nothing to say there.
            report.add(.userNamespace, .notNeeded)
            enterNamespaces(&report)
            report.note(.unprivilegedUser, csandbox_become_unprivileged())
        } else {
            report.note(.unprivilegedUser, csandbox_become_unprivileged())
            report.note(.userNamespace, csandbox_user_namespace())
            enterNamespaces(&report)
        }
        report.note(.noCapabilities, csandbox_drop_capabilities())
        report.note(.noNewPrivileges, csandbox_no_new_privileges())
        report.note(.notDumpable, csandbox_not_dumpable())
        report.note(.landlock, csandbox_landlock())
        switch mode {
        case .jitless: report.note(.noExecutableMemory, csandbox_deny_executable_memory())
        case .jit: report.add(.noExecutableMemory, .notNeeded)
        }
        if report.entries.contains(SandboxReport.Entry(.processNamespace, .on)) {
            report.note(.processNamespace, csandbox_hold_process_namespace())
        }
    }

    private func enterNamespaces(_ report: inout SandboxReport) {
        report.note(.networkNamespace, csandbox_network_namespace())
        report.note(.otherNamespaces, csandbox_other_namespaces())
        report.note(.emptyRoot, csandbox_empty_root())
        report.note(.processNamespace, csandbox_process_namespace())
    }
}

extension SandboxReport {
    /// Notes what a call of the kernel's gave: 0 or `-errno`.
    fileprivate mutating func note(_ layer: SandboxLayer, _ result: Int32) {
        add(layer, result == 0 ? .on : .refused(errno: -result))
    }
}
