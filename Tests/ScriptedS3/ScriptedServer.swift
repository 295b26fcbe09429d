package import S3

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server of S3's protocol in this process, that fails as it is told.
package final class ScriptedServer: Sendable {
    /// Which conditions it looks at.
    package enum Conditions: Sendable {
        case honoured
        /// As some servers do: every write succeeds.
        case ignored
        /// Conditions on deletes only are not looked at, as in Ceph 16.
        case ignoredOnDelete
    }

    private struct State {
        var faults: [(number: Int, matches: @Sendable (SeenRequest) -> Bool, fault: Fault)] = []
        var faultCount = 0
        var seen: [SeenRequest] = []
    }

    let bucket: ScriptedBucket
    private let state = Mutex(State())
    private let channel: any Channel

    /// Starts a server on a free port of this machine.
    package init(
        conditions: Conditions = .honoured, now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) async throws {
        let bucket = ScriptedBucket(conditions: conditions, now: now)
        let box = ServerBox()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Answers go out as bytes: some of them are no HTTP.
                    try channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(HTTPRequestDecoder()))
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.bucket = bucket
        box.server.withLock { $0 = WeakServer(server: self) }
    }

    deinit { channel.close(promise: nil) }

    /// Where it listens.
    package var endpoint: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// What it was asked, in order.
    package var seen: [SeenRequest] { state.withLock(\.seen) }

    /// Forgets what it was asked.
    package func forgetSeen() { state.withLock { $0.seen = [] } }

    /// Lets the next requests that match fail, one for each fault.
    package func fail(
        _ faults: Fault..., where matches: @escaping @Sendable (SeenRequest) -> Bool
    ) {
        state.withLock { state in
            for fault in faults {
                state.faultCount += 1
                state.faults.append((state.faultCount, matches, fault))
            }
        }
    }

    /// Changes or removes an object's bytes behind everyone's back.
    package func overwrite(_ path: String, with bytes: [UInt8]?) {
        bucket.overwrite(path, with: bytes)
    }

    /// The paths of all objects, with the bucket, in order.
    package var paths: [String] { bucket.paths }

    /// How many uploads in parts are not finished.
    package var uploadCount: Int { bucket.uploadCount }

    func handle(_ request: SeenRequest) -> (reply: ScriptedReply?, answer: Fault.Answer?) {
        let candidates = state.withLock { state in
            state.seen.append(request)
            return state.faults
        }
        // Outside the lock: what a test asks there may be of this server.
        let match = candidates.first { $0.matches(request) }
        let fault = match.flatMap { match in
            state.withLock { state -> Fault? in
                guard let index = state.faults.firstIndex(where: { $0.number == match.number })
                else { return nil }
                return state.faults.remove(at: index).fault
            }
        }
        let reply =
            fault?.work == .notDone && fault?.answer.needsReply == false
            ? nil : bucket.reply(to: request)
        return (reply, fault?.answer)
    }
}

extension Fault.Answer {
    /// Whether what the server would have said is part of it.
    var needsReply: Bool {
        switch self {
        case .truncated, .twice, .resetInBody: true
        case .error, .reset, .silence, .errorInSuccess: false
        }
    }
}

/// Lets connections find the server without keeping it.
final class ServerBox: Sendable {
    let server = Mutex<WeakServer?>(nil)
}

struct WeakServer: Sendable {
    weak let server: ScriptedServer?
}
