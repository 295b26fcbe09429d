internal import Heaps
internal import Logging

extension Run {
    /// Refuses a heap that is quarantined.
    func refuseQuarantined(_ head: HeapHead?) throws(ExecutionFailure) {
        guard let head, head.isQuarantined else { return }
        throw .quarantined(head)
    }

    /// Notes on the run's heap that its worker ended as one does whose script broke out of V8.
    ///
    /// The failure of the run is told whatever becomes of the note.
    func noteIncident() async {
        guard let name = report.heap else { return }
        // What is answered and not written yet replaces the head as it was before.
        service.unwritten.spoil(name)
        await service.unwritten.settle(name)
        do throws(HeapError) {
            guard let head = try await service.repository.noteIncident(on: name) else { return }
            service.logger.error(
                head.isQuarantined ? "Heap quarantined" : "Heap incident",
                metadata: [
                    "heap.name": "\(name)", "heap.version": "\(head.version.short)",
                    "incidents": "\(head.incidentCount)", "execution.id": "\(running.id)",
                ])
            if head.incidentCount == HeapHead.incidentCountMax { service.events.onQuarantine() }
        } catch {
            service.logger.error(
                "Heap incident not noted", metadata: ["heap.name": "\(name)", "error": "\(error)"])
        }
    }
}

extension ExecutionFailure {
    static func quarantined(_ head: HeapHead) -> ExecutionFailure {
        ExecutionFailure(
            .quarantined,
            "Heap \(head.name) is quarantined: its worker ended \(head.incidentCount) times for "
                + "what only a script does that breaks out of V8, or by damaged memory. Nothing "
                + "runs on it. Go back to an earlier version (fork_heap from "
                + "\"\(head.name)@<version>\" to \"\(head.name)\" with replace; heap_history lists "
                + "them), or have the server's operator release it: mcp-v8 heaps release "
                + "\(head.name).")
    }
}
