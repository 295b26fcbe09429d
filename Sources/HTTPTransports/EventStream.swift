import HTTPTypes
import HummingbirdCore
import MCP
import NIOCore

/// A response that stays open and tells one event after the other.
struct EventStream {
    let queue: EventQueue
    let eventLoop: any EventLoop
    let keepAlive: Duration
    /// What is written before anything that is queued.
    var prelude: [ByteBuffer] = []
    /// Called when nothing more can be written, whatever the reason.
    var onEnd: @Sendable () -> Void = {}

    /// The response; its body ends with the queue.
    var response: Response {
        var response = Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-cache, no-transform",
                .accelBuffering: "no", .contentTypeOptions: "nosniff",
            ],
            body: ResponseBody { writer in
                defer { onEnd() }
                try await write(to: &writer)
                try await writer.finish(nil)
            })
        response.headers[.contentLength] = nil
        return response
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        let interval = TimeAmount(keepAlive)
        let ticker = eventLoop.scheduleRepeatedTask(
            initialDelay: interval, delay: interval
        ) { [queue] _ in queue.tick() }
        defer { ticker.cancel() }
        for piece in prelude { try await writer.write(piece) }
        for await event in queue.events {
            try await writer.write(ByteBuffer(event))
            queue.didWrite(event)
        }
    }
}

extension ByteBuffer {
    /// One event as it is on the wire; no message has a line break of its own.
    init(_ event: EventQueue.Event) {
        switch event {
        case .notification(let message): self.init(name: "message", data: message)
        case .answer(let answer): self.init(name: "message", data: answer.bytes)
        // A comment, which clients ignore.
        case .tick: self.init(string: ":\n\n")
        }
    }

    init(name: String, data: some Collection<UInt8>) {
        self.init()
        reserveCapacity(data.count + name.utf8.count + 16)
        writeString("event: \(name)\ndata: ")
        writeBytes(data)
        writeString("\n\n")
    }
}
