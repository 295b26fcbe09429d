import Synchronization
package import NIOCore
internal import NIOPosix
package import WorkerProtocol

/// One worker as the server sees it: its channel, the memory shared with it, and its end.
///
/// It serves one heap, or one stateless run, and is killed afterwards. Everything it says is
/// checked.
package final class WorkerProcess: Sendable {
    /// Names a worker in logs and in the pool; never used twice.
    package let id: UInt64
    private let channel: any Channel
    private let conversation: WorkerConversation
    private let handle: WorkerHandle
    private let exchange: MemoryFile
    private let diagnostics: MemoryFile

    private static let reapTimeout: TimeAmount = .seconds(2)
    private static let frameByteCountMax =
        Frame.headerByteCount + (Frame.Kind.allCases.map(\.payloadByteCountMax).max() ?? 0)

    /// Starts a worker.
    package init(
        id: UInt64, from source: any WorkerSource, on eventLoop: any EventLoop,
        snapshotByteCountMax: Int
    ) async throws(ExecutionError) {
        let sockets = try SocketPair(.stream)
        let exchange = try MemoryFile(named: "exchange", byteCount: snapshotByteCountMax)
        let diagnostics = try MemoryFile(
            named: "diagnostics", byteCount: WorkerDescriptor.diagnosticsByteCount)
        let descriptors = BirthDescriptors(
            channel: sockets.peer.number, exchange: exchange.descriptor.number,
            diagnostics: diagnostics.descriptor.number)
        handle = try await source.start(descriptors, on: eventLoop)
        let conversation = WorkerConversation(snapshotByteCountMax: snapshotByteCountMax)
        do {
            channel = try await WorkerProcess.open(
                sockets.server.release(), conversation, on: eventLoop)
        } catch {
            handle.kill()
            throw .system(call: "connect", code: (error as? IOError)?.errnoCode ?? 0)
        }
        self.id = id
        self.conversation = conversation
        self.exchange = exchange
        self.diagnostics = diagnostics
        // Whatever closed the channel, a worker that cannot be talked to has no reason to live.
        channel.closeFuture.whenComplete { [handle] _ in handle.kill() }
    }

    /// What this worker's snapshots are tied to.
    package var engine: EngineIdentity { handle.engine }

    /// Whether a request may be made.
    package var isIdle: Bool { conversation.isIdle }

    /// Completes when nothing more is said.
    package var closed: EventLoopFuture<Void> { channel.closeFuture }

    /// How the process ended, once it was reaped.
    package var exit: EventLoopFuture<WorkerExit?> { handle.exit }

    /// Runs a script; the answer of a worker that is killed or dies says so.
    ///
    /// Cancelling the task kills the worker.
    package func evaluate(
        _ request: EvaluateRequest, onConsole: @escaping @Sendable (ConsoleLine) -> Void
    ) async -> WorkerAnswer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                conversation.ask(request, onConsole: onConsole, continuation: continuation) {
                    send(.evaluate(request))
                }
            }
        } onCancel: {
            kill()
        }
    }

    /// Looks into the heap whose snapshot was offered, under the same rules.
    package func inspect(_ request: InspectRequest) async -> WorkerAnswer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                conversation.ask(request, continuation: continuation) { send(.inspect(request)) }
            }
        } onCancel: {
            kill()
        }
    }

    /// Ends the process; a request that is open is answered at once.
    package func kill() {
        conversation.end(.killed)
        channel.close(promise: nil)
    }

    /// Puts a snapshot where the worker finds it.
    package func offer(_ snapshot: [UInt8]) async throws {
        try await onThread { [self] in try exchange.write(snapshot) }
    }

    /// Takes the snapshot that the worker made.
    package func takeSnapshot(byteCount: Int) async throws -> [UInt8] {
        try await onThread { [self] in
            let snapshot = try exchange.read(byteCount: byteCount)
            try exchange.discard()
            return snapshot
        }
    }

    /// Takes a part of what the worker put into the shared memory.
    func takePart(at offset: Int, byteCount: Int) async throws -> [UInt8] {
        try await onThread { [self] in try exchange.read(byteCount: byteCount, at: offset) }
    }

    /// Gives back the memory that the last snapshot took on its way.
    package func discardSnapshot() async throws {
        try await onThread { [self] in try exchange.discard() }
    }

    /// What can be found out about a worker that ended by itself.
    ///
    /// Waits until the process was reaped, but not for ever.
    func postMortem() async -> PostMortem {
        let exit = channel.eventLoop.makePromise(of: WorkerExit?.self)
        // Whoever comes second is not heard.
        handle.exit.cascade(to: exit)
        channel.eventLoop.scheduleTask(in: WorkerProcess.reapTimeout) { exit.succeed(nil) }
        let status = (try? await exit.futureResult.get()) ?? nil
        let words = (try? diagnostics.read(byteCount: diagnostics.byteCount)) ?? []
        return PostMortem(exit: status, lastWords: LastWords(words))
    }

    private func send(_ request: Request) {
        do throws(WireError) {
            let bytes = try request.frame.encoded()
            // On the event loop, where the worker's end is announced too: so the two have an order.
            channel.eventLoop.execute { [channel, conversation] in
                let sent = channel.writeAndFlush(ByteBuffer(bytes: bytes))
                sent.whenSuccess { conversation.noteSent() }
                sent.whenFailure { _ in conversation.end(.died) }
            }
        } catch {
            preconditionFailure("Code is checked against its limit before it is sent.")
        }
    }

    private func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    private static func open(
        _ descriptor: Int32, _ conversation: WorkerConversation, on eventLoop: any EventLoop
    ) async throws -> any Channel {
        try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(
                        FrameDecoder(), maximumBufferSize: frameByteCountMax)
                    try channel.pipeline.syncOperations.addHandlers(
                        decoder, ConversationHandler(conversation))
                }
            }
            .withConnectedSocket(descriptor)
            .get()
    }
}
