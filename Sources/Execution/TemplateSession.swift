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
        /// Forks workers. Next: `ended`.
        case running(exits: [UInt32: EventLoopPromise<WorkerExit?>], nextID: UInt32)
        /// Terminal.
        case ended
    }

    private static let sendTimeoutMilliseconds: Int32 = 5_000
    private static let endTimeoutMilliseconds: Int32 = 1_000
    /// Exit code 1, as `waitpid` tells it.
    private static let refusalStatus: Int32 = 1 << 8

    /// What this template's snapshots are tied to.
    let identity: EngineIdentity
    /// Which layers confine its workers; empty where none were asked for.
    let sandbox: SandboxReport
    private let control: OwnedDescriptor
    let processID: Int32?
    private let state = Mutex(State.running(exits: [:], nextID: 1))
    private let sending = Mutex(())

    /// Waits for the template's first message.
    init(
        _ template: consuming LaunchedTemplate, readyTimeoutMilliseconds: Int32
    ) throws(ExecutionError) {
        processID = template.processID
        do throws(ExecutionError) {
            (identity, sandbox) = try TemplateSession.awaitReady(
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

    /// Asks for a worker; its end is announced on `eventLoop`.
    func start(
        _ descriptors: BirthDescriptors, on eventLoop: any EventLoop
    ) throws(ExecutionError) -> WorkerHandle {
        let exit = eventLoop.makePromise(of: WorkerExit?.self)
        let workerID = state.withLock { state -> UInt32? in
            guard case .running(var exits, let workerID) = state else { return nil }
            exits[workerID] = exit
            state = .running(exits: exits, nextID: workerID &+ 1)
            return workerID
        }
        guard let workerID else {
            exit.succeed(nil)
            throw .templateEnded
        }
        let numbers = [descriptors.channel, descriptors.exchange, descriptors.diagnostics]
        guard send(.start(workerID: workerID), with: numbers) else { throw .templateEnded }
        return WorkerHandle(
            engine: identity,
            kill: { [self] in _ = send(.kill(workerID: workerID), with: []) },
            exit: exit.futureResult)
    }

    /// Reads until the template's end; then reaps it. Blocks its thread.
    func serve() {
        while let message = TemplateSession.receive(from: control) {
            guard case .ended(let workerID, let status) = message else { break }
            let exit = state.withLock { state -> EventLoopPromise<WorkerExit?>? in
                guard case .running(var exits, let nextID) = state else { return nil }
                defer { state = .running(exits: exits, nextID: nextID) }
                return exits.removeValue(forKey: workerID)
            }
            exit?.succeed(status)
        }
        close()
        TemplateSession.reap(processID)
    }

    /// Ends the template, and with it all its workers; whoever reads sees the end and reaps it.
    func close() {
        shutdown(control.number, Int32(SHUT_RDWR))
        let exits = state.withLock { state -> [EventLoopPromise<WorkerExit?>] in
            guard case .running(let exits, _) = state else { return [] }
            state = .ended
            return Array(exits.values)
        }
        for exit in exits { exit.succeed(nil) }
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
    ) throws(ExecutionError) -> (EngineIdentity, SandboxReport) {
        let first = try awaitMessage(on: control, timeoutMilliseconds: timeoutMilliseconds)
        guard case .confined(let sandbox) = first else {
            return (try identity(first), SandboxReport())
        }
        let second = try awaitMessage(on: control, timeoutMilliseconds: timeoutMilliseconds)
        return (try identity(second), sandbox)
    }

    private static func awaitMessage(
        on control: borrowing OwnedDescriptor, timeoutMilliseconds: Int32
    ) throws(ExecutionError) -> TemplateMessage {
        var socket = pollfd(fd: control.number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&socket, 1, timeoutMilliseconds) > 0 else {
            throw .templateNotReady(reason: "it said nothing for \(timeoutMilliseconds) ms")
        }
        guard let message = receive(from: control) else {
            throw .templateNotReady(reason: "it ended; its standard error tells more")
        }
        return message
    }

    private static func identity(
        _ message: TemplateMessage
    ) throws(ExecutionError) -> EngineIdentity {
        guard case .ready(let version, let identity) = message else {
            throw .templateNotReady(reason: "its first message was another one")
        }
        guard version == TemplateMessage.protocolVersion else {
            throw .protocolMismatch(ours: TemplateMessage.protocolVersion, theirs: version)
        }
        return identity
    }

    /// The next message; nil at the end, and for bytes that are no message.
    private static func receive(from control: borrowing OwnedDescriptor) -> TemplateMessage? {
        var bytes = [UInt8](repeating: 0, count: TemplateMessage.byteCountMax)
        var descriptorCount = 0
        let capacity = bytes.count
        let count = unsafe csandbox_receive(
            control.number, &bytes, capacity, nil, 0, &descriptorCount)
        guard count > 0 else { return nil }
        return try? TemplateMessage(Array(bytes.prefix(count)))
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
