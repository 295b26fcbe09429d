import Foundation
import NIOCore
import NIOHTTP1
internal import S3

/// One connection: reads requests and writes what the server says, or fails to.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let box: ServerBox
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(box: ServerBox) { self.box = box }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer): body += buffer.readableBytesView
        case .end:
            guard let head, let server = box.server.withLock({ $0?.server }) else {
                return context.close(promise: nil)
            }
            let (reply, answer) = server.handle(SeenRequest(head, body))
            write(reply, as: answer, method: head.method, context: context)
        }
    }

    private func write(
        _ reply: ScriptedReply?, as answer: Fault.Answer?, method: HTTPMethod,
        context: ChannelHandlerContext
    ) {
        switch answer {
        case nil:
            if let reply { send(reply, method, context) }
        case .error(let status, let code, let headers):
            var reply = ScriptedReply(error: code, status: status)
            reply.headers += headers
            send(reply, method, context)
        case .errorInSuccess(let code):
            send(ScriptedReply(error: code, status: 200), method, context)
        case .silence: break
        case .reset: context.close(promise: nil)
        case .truncated:
            var reply = reply ?? ScriptedReply(status: 200)
            reply.body.removeLast(min(reply.body.count, max(1, reply.body.count / 3)))
            send(reply, method, context)
        case .twice:
            let bytes = (reply ?? ScriptedReply(status: 200)).bytes(for: method)
            send(bytes + bytes, context)
        case .resetInBody:
            var reply = reply ?? ScriptedReply(status: 200)
            if reply.body.isEmpty { reply.body = Array("<?xml version".utf8) }
            let bytes = reply.bytes(for: method)
            send(bytes.dropLast(reply.body.count - reply.body.count / 2), context)
            context.close(promise: nil)
        }
    }

    private func send(
        _ reply: ScriptedReply, _ method: HTTPMethod, _ context: ChannelHandlerContext
    ) {
        send(reply.bytes(for: method), context)
    }

    private func send(_ bytes: some Sequence<UInt8>, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Array(bytes))), promise: nil)
    }
}

extension SeenRequest {
    init(_ head: HTTPRequestHead, _ body: [UInt8]) {
        let parts = head.uri.split(separator: "?", maxSplits: 1)
        var query: [String: String] = [:]
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? String(pair[1]) : ""
            query[String(pair[0]).removingPercentEncoding ?? ""] = value.removingPercentEncoding
        }
        self.init(
            method: head.method.rawValue,
            path: String(parts[0]).removingPercentEncoding ?? "", query: query,
            headers: Dictionary(
                head.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
            body: body)
    }
}
