internal import Heaps
internal import Logging
internal import Synchronization

/// Workers that end as one does whose script broke out of V8, and what that means for their heaps.
extension ExecutionService {
    /// Refuses a heap that is quarantined.
    func refuseQuarantined(_ head: HeapHead?) throws(ExecutionFailure) {
        if let head, head.isQuarantined { throw .quarantined(head) }
    }

    /// Refuses a version that ended its workers.
    func refuseSuspect(_ version: HeapVersion) throws(ExecutionFailure) {
        if suspects.isQuarantined(version) { throw .quarantined(version) }
    }

    /// Notes an incident on the heap that its worker had, or, where the version is in no heap's
    /// history that was named, on the version: as long as this server lives.
    ///
    /// The failure of the call is told whatever becomes of the note. It is made though the call may
    /// not wait for it to the end.
    ///
    /// - Parameter turn: the heap whose turn the caller has.
    func noteIncident(
        of reference: HeapReference?, at version: HeapVersion?, holding turn: HeapName?,
        by running: RunningExecution
    ) async {
        guard let reference else { return }
        if turn == nil, let name = reference.name {
            do throws(ExecutionFailure) { try await takeTurn(on: name, for: running) } catch {
                return logUnnoted(name, error.message)
            }
        }
        guard let name = reference.name else {
            if let version { suspects.note(version) }
            return
        }
        queue.beginStorage(on: name)
        _ = await running.waitForStorage(on: executor) { [self] in
            // Not a part of the task that waits: it is made even if that is given up.
            await Task {
                // What is answered and not written yet replaces the head as it was before.
                if turn != nil { _ = unwritten.end(name, .failed) }
                _ = try? await unwritten.written(name)
                await note(name, reference, version, running.id)
            }.value
            queue.endStorage(on: name)
            return .success(())
        }
        if turn == nil { queue.passTurn(on: name) }
    }

    private func note(
        _ name: HeapName, _ reference: HeapReference, _ version: HeapVersion?,
        _ executionID: String
    ) async {
        do throws(HeapError) {
            if case .inHistory = reference, let version,
                try await !repository.isInHistory(version, of: name)
            {
                return suspects.note(version)
            }
            guard let head = try await repository.noteIncident(on: name) else { return }
            logger.error(
                head.isQuarantined ? "Heap quarantined" : "Heap incident",
                metadata: [
                    "heap.name": "\(name)", "heap.version": "\(head.version.short)",
                    "incidents": "\(head.incidentCount)", "execution.id": "\(executionID)",
                ])
            if head.incidentCount == HeapHead.incidentCountMax { events.onQuarantine() }
        } catch {
            logUnnoted(name, "\(error)")
        }
    }

    private func logUnnoted(_ name: HeapName, _ reason: String) {
        logger.error(
            "Heap incident not noted", metadata: ["heap.name": "\(name)", "error": "\(reason)"])
    }
}

/// Versions that no heap's name leads to, and that ended their workers.
final class SuspectVersions: Sendable {
    /// Whoever makes up more is no worse off than with a new server.
    private static let countMax = 10_000

    private let counts = Mutex<[HeapVersion: UInt16]>([:])

    func note(_ version: HeapVersion) {
        counts.withLock { counts in
            if counts.count >= Self.countMax { counts = [:] }
            counts[version, default: 0] += 1
        }
    }

    func isQuarantined(_ version: HeapVersion) -> Bool {
        counts.withLock { $0[version, default: 0] >= HeapHead.incidentCountMax }
    }
}

extension ExecutionFailure {
    fileprivate static func quarantined(_ head: HeapHead) -> ExecutionFailure {
        ExecutionFailure(
            .quarantined,
            "Heap \(head.name) is quarantined: its worker ended \(head.incidentCount) times for "
                + "what only a script does that breaks out of V8, or by damaged memory. Nothing "
                + "runs on it. Go back to an earlier version (fork_heap from "
                + "\"\(head.name)@<version>\" to \"\(head.name)\" with replace; heap_history lists "
                + "them), or have the server's operator release it: mcp-v8 heaps release "
                + "\(head.name).")
    }

    fileprivate static func quarantined(_ version: HeapVersion) -> ExecutionFailure {
        ExecutionFailure(
            .quarantined,
            "Version \(version.short) is quarantined on this server: its workers ended for what "
                + "only a script does that breaks out of V8, or by damaged memory. Nothing runs on "
                + "it; use an earlier version.")
    }
}
