import HTTPTypes
import HummingbirdCore
import NIOCore

/// The body of a request, as far as it was read.
struct MessageBody {
    private enum State {
        /// The request has none, or all of it was read.
        case complete
        /// Nothing was read yet. Next: `complete`.
        case unread
    }

    private(set) var bytes: [UInt8] = []
    private let request: Request
    private let limits: HTTPLimits
    private let declaredByteCount: Int?
    private var state: State

    init(of request: Request, limits: HTTPLimits) {
        self.request = request
        self.limits = limits
        declaredByteCount = request.headers[.contentLength].flatMap { Int($0) }
        let hasBody = request.headers.contains(.transferEncoding) || (declaredByteCount ?? 0) > 0
        state = hasBody ? .unread : .complete
    }

    /// Whether the client may still be sending it.
    var isLeftOver: Bool { state == .unread }

    /// Whether the client waits to be told that its body is wanted.
    var isAwaitingPermission: Bool {
        state == .unread && request.headers[.expect]?.lowercased() == "100-continue"
    }

    /// Refuses what is said to be too large, before any of it is read.
    func checkSize() throws(Refusal) {
        if let declaredByteCount, declaredByteCount > limits.bodyByteCountMax { throw tooLarge }
    }

    /// Reads all of it.
    mutating func read(on connection: Connection) async throws(Refusal) {
        guard state == .unread else { return }
        // A client that sends it by drops gets no answer.
        let deadline = connection.close(in: limits.bodyTimeout)
        defer { deadline.cancel() }
        bytes.reserveCapacity(min(declaredByteCount ?? 0, limits.bodyByteCountMax))
        do {
            for try await piece in request.body {
                guard bytes.count + piece.readableBytes <= limits.bodyByteCountMax else {
                    throw tooLarge
                }
                bytes += piece.readableBytesView
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.badRequest, "The body cannot be read")
        }
        state = .complete
    }

    private var tooLarge: Refusal {
        Refusal(
            .contentTooLarge, "The body is larger than \(limits.bodyByteCountMax) bytes")
    }
}

extension Connection {
    /// Closes the connection after a while, whatever happens on it, unless that is cancelled.
    @discardableResult
    func close(in delay: Duration) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: TimeAmount(delay)) { [channel] in
            channel.close(promise: nil)
        }
    }
}
