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
        case open(Templates)
        /// Terminal.
        case closed
    }

    private struct Templates {
        var open: [UInt64: WorkerTemplate] = [:]
        /// Those whose workers have ended.
        var closing: [UInt64: Task<Void, Never>] = [:]
        var nextID: UInt64 = 0
    }

    private let makeTemplate: @Sendable () -> WorkerTemplate
    private let state = Mutex(State.open(Templates()))

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

    /// Ends every worker, and waits for those templates too that are ending already.
    package func close() async {
        let templates = state.withLock { state -> Templates in
            guard case .open(let templates) = state else { return Templates() }
            state = .closed
            return templates
        }
        for template in templates.open.values { await template.close() }
        for closing in templates.closing.values { await closing.value }
    }

    private func keep(_ template: WorkerTemplate) -> UInt64? {
        change { templates in
            let id = templates.nextID
            templates.open[id] = template
            templates.nextID += 1
            return id
        }
    }

    /// What was to be told of the worker has been told: only ``close()`` waits for its template.
    private func end(_ id: UInt64) {
        change { templates in
            guard let template = templates.open.removeValue(forKey: id) else { return }
            templates.closing[id] = Task {
                await template.close()
                change { $0.closing[id] = nil }
            }
        }
    }

    /// Nil once it is closed.
    @discardableResult
    private func change<Result: Sendable>(
        _ body: (inout Templates) -> Result
    ) -> Result? {
        state.withLock { state in
            guard case .open(var templates) = state else { return nil }
            defer { state = .open(templates) }
            return body(&templates)
        }
    }
}
