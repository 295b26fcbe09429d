package import NIOCore
internal import NIOPosix
import Synchronization

/// Starts a template for each worker, so that no two workers share the layout of their memory.
///
/// What a script learns of its own process says nothing of another one's then. A start takes as
/// long as V8's does.
package final class SeparateWorkers: WorkerSource {
    private enum State {
        /// Starts workers, each with its template. Next: `closed`.
        case open(templates: [UInt64: WorkerTemplate], nextID: UInt64)
        /// Terminal.
        case closed
    }

    private let makeTemplate: @Sendable () -> WorkerTemplate
    private let state = Mutex(State.open(templates: [:], nextID: 0))

    /// Starts workers from templates that are made so, one for each.
    package init(makeTemplate: @escaping @Sendable () -> WorkerTemplate) {
        self.makeTemplate = makeTemplate
    }

    /// Starts a template and its only worker; when the worker has ended the template does.
    package func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) async throws(ExecutionError) -> WorkerHandle {
        let template = makeTemplate()
        guard let id = keep(template) else {
            await template.close()
            throw .closed
        }
        do throws(ExecutionError) {
            let handle = try await template.start(descriptors, on: eventLoop)
            handle.exit.whenComplete { [self] _ in end(id) }
            return handle
        } catch {
            end(id)
            throw error
        }
    }

    /// Ends every worker.
    package func close() async {
        let templates = state.withLock { state -> [WorkerTemplate] in
            guard case .open(let templates, _) = state else { return [] }
            state = .closed
            return Array(templates.values)
        }
        for template in templates { await template.close() }
    }

    private func keep(_ template: WorkerTemplate) -> UInt64? {
        state.withLock { state in
            guard case .open(var templates, let id) = state else { return nil }
            templates[id] = template
            state = .open(templates: templates, nextID: id + 1)
            return id
        }
    }

    private func end(_ id: UInt64) {
        let template = state.withLock { state -> WorkerTemplate? in
            guard case .open(var templates, let nextID) = state else { return nil }
            defer { state = .open(templates: templates, nextID: nextID) }
            return templates.removeValue(forKey: id)
        }
        // Nobody waits for it: what was to be told of the worker has been told.
        if let template { Task { await template.close() } }
    }
}
