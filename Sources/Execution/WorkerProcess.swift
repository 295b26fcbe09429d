import Synchronization
package import NIOCore
internal import NIOPosix
package import WorkerProtocol

/// One worker as the server sees it: its channel, the memory shared with it, and its end.
///
/// It serves one heap, or one stateless run, and is killed afterwards. Everything it says is
/// checked.
package final class WorkerProcess: Sendable, Identifiable {
    /// Names a worker in logs and in the pool; never used twice.
    package let id: UInt64
    private let channel: any Channel
    private let socket: WorkerSocket?
    private let conversation: WorkerConversation
    private let handle: WorkerHandle
    private let exchange: MemoryFile
    private let snapshotByteCountMax: Int
    private let diagnostics: MemoryFile
    /// How the process ended, once all that it said was heard too: its end may be told first.
    package let end: EventLoopFuture<WorkerExit?>

    /// Whether it holds states that are stored nowhere else: then the end of a run does not end it,
    /// as its forks would end with it.
    let holdsUnwritten = Atomic(false)

    private static let reapTimeout: TimeAmount = .seconds(2)
    /// How long what a worker said last is on its way.
    private static let lastWordsDelay: TimeAmount = .milliseconds(200)
    /// How long the forks of a worker that ended may go on.
    private static let forksTimeout: TimeAmount = .seconds(30)
    private static let frameByteCountMax =
        Frame.headerByteCount + (Frame.Kind.allCases.map(\.payloadByteCountMax).max() ?? 0)

    /// Starts a worker.
    package init(
        id: UInt64, from source: any WorkerSource, on eventLoop: any EventLoop,
        snapshotByteCountMax: Int
    ) async throws(ExecutionError) {
        let sockets = try SocketPair(.stream)
        let exchange = try MemoryFile(
            named: "exchange",
            byteCount: snapshotByteCountMax * WorkerDescriptor.exchangeSlotCount)
        let diagnostics = try MemoryFile(
            named: "diagnostics", byteCount: WorkerDescriptor.diagnosticsByteCount)
        let descriptors = BirthDescriptors(
            channel: sockets.peer.number, exchange: exchange.descriptor.number,
            diagnostics: diagnostics.descriptor.number)
        handle = try await source.start(descriptors, on: eventLoop)
        let conversation = WorkerConversation(snapshotByteCountMax: snapshotByteCountMax)
        let socket = WorkerSocket(sockets.server.number)
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
        self.socket = socket
        self.snapshotByteCountMax = snapshotByteCountMax
        self.diagnostics = diagnostics
        // Whatever closed the channel, a worker that cannot be talked to has no reason to live.
        channel.closeFuture.whenComplete { [handle] _ in
            socket?.close()
            handle.kill()
        }
        let silence = channel.eventLoop.makePromise(of: Void.self)
        channel.closeFuture.cascade(to: silence)
        end = silence.futureResult.and(handle.exit).map(\.1)
        // Forks keep the channel open when the worker itself has ended.
        handle.exit.whenComplete { [channel, conversation] _ in
            guard channel.isActive else { return }
            WorkerProcess.afterLastWords(on: channel, socket) {
                conversation.endRequests(.died)
                silence.succeed()
            }
            channel.eventLoop.scheduleTask(in: WorkerProcess.forksTimeout) {
                channel.close(promise: nil)
            }
        }
    }

    /// Does something when all was heard that a worker said before its end. On a busy machine that
    /// takes longer than it is on its way.
    private static func afterLastWords(
        on channel: any Channel, _ socket: WorkerSocket?, _ body: @escaping @Sendable () -> Void
    ) {
        channel.eventLoop.scheduleTask(in: lastWordsDelay) {
            if channel.isActive, socket?.hasUnread == true {
                afterLastWords(on: channel, socket, body)
            } else {
                body()
            }
        }
    }

    /// What becomes of the states that are kept for later, until nothing more can come.
    package var saved: AsyncStream<SavedSnapshot> { conversation.saved }

    /// Has the state of a run saved now that is kept for later, or of the next one after it.
    package func saveNow(runNumber: UInt32) { post(.saveNow(runNumber: runNumber)) }

    /// Gives back the place of a saved snapshot that was read; what is kept of runs before this one
    /// is of no more use.
    package func release(slot: UInt8, before runNumber: UInt32) {
        post(.taken(slot: slot, before: runNumber))
    }

    /// What this worker's snapshots are tied to.
    package var engine: EngineIdentity { handle.engine }

    /// The number of its process, once it is known.
    var processID: Int32? { handle.processID() }

    /// Bytes of memory that it shares with this process, mapped or not.
    var sharedByteCount: Int { exchange.takenByteCount }

    /// How much of what the kernel counts as its memory is code that all workers share, in bytes.
    var codeByteCount: Int { handle.codeByteCount }

    /// Whether its template was replaced: it should not be kept for longer than it is needed.
    var isOutdated: Bool { handle.isOutdated() }

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
            if holdsUnwritten.load(ordering: .sequentiallyConsistent) {
                conversation.endRequests(.killed)
            } else {
                kill()
            }
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

    /// Takes the snapshot that the worker, or a fork of it, made.
    package func takeSnapshot(byteCount: Int, slot: Int) async throws -> [UInt8] {
        try await onThread { [self] in
            let offset = slot * snapshotByteCountMax
            let snapshot = try exchange.read(byteCount: byteCount, at: offset)
            try giveBack(slotAt: offset)
            return snapshot
        }
    }

    /// Takes a part of what the worker put into the shared memory.
    func takePart(at offset: Int, byteCount: Int) async throws -> [UInt8] {
        try await onThread { [self] in try exchange.read(byteCount: byteCount, at: offset) }
    }

    /// Gives back the memory that the last snapshot took on its way.
    package func discardSnapshot() async throws {
        try await onThread { [self] in try giveBack(slotAt: 0) }
    }

    /// Gives back most of the memory of a slot. A small heap's next snapshot finds its pages there:
    /// the kernel takes longer to make them than V8 to fill them.
    private func giveBack(slotAt offset: Int) throws(ExecutionError) {
        let kept = min(WorkerDescriptor.exchangeKeptByteCount, snapshotByteCountMax)
        guard snapshotByteCountMax > kept else { return }
        try exchange.discard(byteCount: snapshotByteCountMax - kept, at: offset + kept)
    }

    /// What can be found out about a worker that ended by itself.
    ///
    /// Waits until the process was reaped, but not for ever.
    func postMortem() async -> PostMortem {
        let exit = channel.eventLoop.makePromise(of: WorkerExit?.self)
        // Whoever comes second is not heard.
        handle.exit.cascade(to: exit)
        channel.eventLoop.scheduleTask(in: WorkerProcess.reapTimeout) { exit.succeed(nil) }
        return postMortem((try? await exit.futureResult.get()) ?? nil)
    }

    /// Why the process ended; nil where the server ended it, or its template did.
    func failure(_ exit: WorkerExit?) -> WorkerFailure? {
        switch conversation.ending {
        case .killed: return nil
        case .violated: return .protocolBreach
        case .complete, .died, .unheard, nil:
            // One that is asked nothing more may go.
            let isIdle = conversation.isIdle || conversation.endedIdle
            if isIdle, exit == .exited(code: 0) { return nil }
            return postMortem(exit).failure
        }
    }

    private func postMortem(_ exit: WorkerExit?) -> PostMortem {
        let words = (try? diagnostics.read(byteCount: diagnostics.byteCount)) ?? []
        return PostMortem(exit: exit, lastWords: LastWords(words))
    }

    /// Sends a request, or what the socket does not take of it by way of the event loop.
    ///
    /// Called while the worker's end cannot be announced: so the two have an order.
    private func send(_ request: Request) -> WorkerConversation.Departure {
        guard let bytes = try? request.frame.encoded() else {
            preconditionFailure("Code is checked against its limit before it is sent.")
        }
        guard case .left(let count) = socket?.send(bytes) ?? .left(0) else { return .failed }
        guard count < bytes.count else { return .complete }
        channel.eventLoop.execute { [channel, conversation] in
            channel.writeAndFlush(ByteBuffer(bytes: bytes[count...])).whenComplete { result in
                switch result {
                case .success: conversation.noteSent()
                case .failure: conversation.end(.died)
                }
            }
        }
        return count == 0 ? .later : .complete
    }

    /// Says something that has no answer; what has ended does not hear it.
    private func post(_ request: Request) {
        guard let bytes = try? request.frame.encoded() else { return }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
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
                    let frames = FrameDecoder { try conversation.expect($0, byteCount: $1) }
                    let decoder = ByteToMessageHandler(
                        frames, maximumBufferSize: frameByteCountMax)
                    try channel.pipeline.syncOperations.addHandlers(
                        decoder, ConversationHandler(conversation))
                }
            }
            .withConnectedSocket(descriptor)
            .get()
    }
}
