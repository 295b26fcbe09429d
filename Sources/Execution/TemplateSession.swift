import CSandbox
internal import Glibc
internal import NIOCore
import Synchronization
internal import WorkerProtocol

/// The conversation with one template process, from its first message to its end.
///
/// One thread reads (``serve()``); anybody may write. A template that cannot take a message for
/// some seconds is given up.
final class TemplateSession: Sendable {
    private enum State {
        /// Forks workers. Next: `retiring`, `ended`.
        case running(workers: [UInt32: Known], nextID: UInt32)
        /// Waits for the end of those it has. Next: `ended`.
        case retiring(workers: [UInt32: Known])
        /// Terminal.
        case ended
    }

    /// What is known of a worker that was asked for.
    private struct Known {
        let exit: EventLoopPromise<WorkerExit?>
        var processID: Int32?
    }

    private static let sendTimeoutMilliseconds: Int32 = 5_000
    private static let endTimeoutMilliseconds: Int32 = 1_000
    /// Exit code 1, as `waitpid` tells it.
    private static let refusalStatus: Int32 = 1 << 8

    /// What this template's snapshots are tied to.
    let identity: EngineIdentity
    /// How much code its workers share, in bytes, that the kernel counts as each one's own.
    private let codeByteCount: Int
    /// Which layers confine its workers; empty where none were asked for.
    let sandbox: SandboxReport
    private let control: OwnedDescriptor
    let processID: Int32?
    private let state = Mutex(State.running(workers: [:], nextID: 1))
    private let sending = Mutex(())

    /// Waits for the template's first message.
    init(
        _ template: consuming LaunchedTemplate, readyTimeoutMilliseconds: Int32
    ) throws(ExecutionError) {
        processID = template.processID
        do throws(ExecutionError) {
            (identity, codeByteCount, sandbox) = try TemplateSession.awaitReady(
                on: template.control, timeoutMilliseconds: readyTimeoutMilliseconds)
        } catch {
            let status = TemplateSession.reap(template.processID)
            // Its own doing, not a signal's.
            if case .templateNotReady = error, status == TemplateSession.refusalStatus {
                throw .templateRefused
            }
            throw error
        }
        control = template.control
    }

    /// Whether workers can be had.
    var isRunning: Bool {
        state.withLock { if case .running = $0 { true } else { false } }
    }

    /// How many workers it was asked for.
    var startCount: Int {
        state.withLock { if case .running(_, let nextID) = $0 { Int(nextID) - 1 } else { 0 } }
    }

    /// Whether its workers should not be kept longer than they are needed.
    var isRetiring: Bool {
        state.withLock { if case .retiring = $0 { true } else { false } }
    }

    /// Whether its process is there.
    var isAlive: Bool {
        state.withLock { if case .ended = $0 { false } else { true } }
    }

    /// Forks no more workers, and ends with the last that it has.
    func retire() {
        let isEmpty = state.withLock { state in
            guard case .running(let workers, _) = state else { return false }
            state = .retiring(workers: workers)
            return workers.isEmpty
        }
        if isEmpty { close() }
    }

    /// Asks for a worker; its end is announced on `eventLoop`.
    func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) throws(ExecutionError) -> WorkerHandle {
        let exit = eventLoop.makePromise(of: WorkerExit?.self)
        let workerID = state.withLock { state -> UInt32? in
            guard case .running(var workers, let workerID) = state else { return nil }
            state = .ended
            workers[workerID] = Known(exit: exit)
            state = .running(workers: workers, nextID: workerID &+ 1)
            return workerID
        }
        guard let workerID else {
            exit.succeed(nil)
            throw .templateEnded
        }
        let numbers = [descriptors.channel, descriptors.exchange, descriptors.diagnostics]
        guard send(.start(workerID: workerID), with: numbers) else { throw .templateEnded }
        return WorkerHandle(
            engine: identity, codeByteCount: codeByteCount,
            processID: { [self] in processID(of: workerID) },
            isOutdated: { [self] in isRetiring },
            kill: { [self] in _ = send(.kill(workerID: workerID), with: []) },
            exit: exit.futureResult)
    }

    /// Reads until the template's end; then reaps it. Blocks its thread.
    func serve() {
        while let message = try? TemplateSession.receive(from: control) {
            switch message {
            case .started(let workerID, let processID):
                change { $0[workerID]?.processID = processID }
                continue
            case .ended(let workerID, let status):
                change { $0.removeValue(forKey: workerID) }??.exit.succeed(status)
                endIfRetired()
                continue
            default: break
            }
            break
        }
        close()
        TemplateSession.reap(processID)
    }

    /// Ends the template, and with it all its workers; whoever reads sees the end and reaps it.
    func close() {
        shutdown(control.number, Int32(SHUT_RDWR))
        let exits = state.withLock { state -> [EventLoopPromise<WorkerExit?>] in
            defer { state = .ended }
            return switch state {
            case .running(let workers, _), .retiring(let workers): workers.values.map(\.exit)
            case .ended: []
            }
        }
        for exit in exits { exit.succeed(nil) }
    }

    private func processID(of workerID: UInt32) -> Int32? {
        state.withLock { state in
            switch state {
            case .running(let workers, _), .retiring(let workers): workers[workerID]?.processID
            case .ended: nil
            }
        }
    }

    /// Changes what is known of workers; nil once the template has ended.
    @discardableResult
    private func change<Result>(_ body: (inout [UInt32: Known]) -> Result) -> Result? {
        state.withLock { state in
            let former = state
            // Or changing would copy.
            state = .ended
            switch former {
            case .running(var workers, let nextID):
                defer { state = .running(workers: workers, nextID: nextID) }
                return body(&workers)
            case .retiring(var workers):
                defer { state = .retiring(workers: workers) }
                return body(&workers)
            case .ended: return nil
            }
        }
    }

    private func endIfRetired() {
        let isOver = state.withLock { state in
            if case .retiring(let workers) = state { workers.isEmpty } else { false }
        }
        if isOver { close() }
    }

    private func send(_ message: TemplateMessage, with descriptors: [Int32]) -> Bool {
        let bytes = message.encoded()
        let isSent = sending.withLock { _ in
            var socket = pollfd(fd: control.number, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&socket, 1, TemplateSession.sendTimeoutMilliseconds) > 0 else {
                return false
            }
            let result = unsafe csandbox_send(
                control.number, bytes, bytes.count, descriptors, descriptors.count)
            return result == bytes.count
        }
        if !isSent { close() }
        return isSent
    }

    private static func awaitReady(
        on control: borrowing OwnedDescriptor, timeoutMilliseconds: Int32
    ) throws(ExecutionError) -> (EngineIdentity, codeByteCount: Int, SandboxReport) {
        let first = try awaitMessage(on: control, timeoutMilliseconds: timeoutMilliseconds)
        guard case .confined(let sandbox) = first else {
            let (identity, codeByteCount) = try ready(first)
            return (identity, codeByteCount, SandboxReport())
        }
        let second = try awaitMessage(on: control, timeoutMilliseconds: timeoutMilliseconds)
        let (identity, codeByteCount) = try ready(second)
        return (identity, codeByteCount, sandbox)
    }

    private static func awaitMessage(
        on control: borrowing OwnedDescriptor, timeoutMilliseconds: Int32
    ) throws(ExecutionError) -> TemplateMessage {
        var socket = pollfd(fd: control.number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&socket, 1, timeoutMilliseconds) > 0 else {
            throw .templateNotReady(reason: "it said nothing for \(timeoutMilliseconds) ms")
        }
        do throws(WireError) {
            if let message = try receive(from: control) { return message }
        } catch .otherVersion(let version) {
            throw .protocolMismatch(ours: TemplateMessage.protocolVersion, theirs: version)
        } catch {
            throw .templateNotReady(reason: "what it said is no message: \(error)")
        }
        throw .templateNotReady(reason: "it ended; its standard error tells more")
    }

    private static func ready(
        _ message: TemplateMessage
    ) throws(ExecutionError) -> (EngineIdentity, codeByteCount: Int) {
        guard case .ready(let identity, let codeByteCount) = message else {
            throw .templateNotReady(reason: "its first message was another one")
        }
        return (identity, Int(clamping: codeByteCount))
    }

    /// The next message; nil at the end.
    private static func receive(
        from control: borrowing OwnedDescriptor
    ) throws(WireError) -> TemplateMessage? {
        var bytes = [UInt8](repeating: 0, count: TemplateMessage.byteCountMax)
        var descriptorCount = 0
        let capacity = bytes.count
        let count = unsafe csandbox_receive(
            control.number, &bytes, capacity, nil, 0, &descriptorCount)
        guard count > 0 else { return nil }
        return try TemplateMessage(Array(bytes.prefix(count)))
    }

    @discardableResult
    private static func reap(_ processID: Int32?) -> Int32? {
        guard let processID else { return nil }
        // It ends by itself when its socket does, and takes its workers along.
        if csandbox_await_end(processID, endTimeoutMilliseconds) != 0 { kill(processID, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return status
    }
}
