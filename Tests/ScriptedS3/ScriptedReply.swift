import NIOHTTP1

/// An answer of a scripted server.
struct ScriptedReply: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    init(error code: String, status: Int) {
        let text = "<Error><Code>\(code)</Code><Message>As the script says.</Message></Error>"
        self.init(status: status, body: Array(text.utf8))
    }

    var allHeaders: [(String, String)] {
        let isEmpty = status == 204
        return headers.map { ($0.name, $0.value) }
            + (isEmpty ? [] : [("Content-Length", "\(body.count)")])
    }

    /// The whole answer as it goes over the wire.
    func bytes(for method: HTTPMethod) -> [UInt8] {
        let head =
            ["HTTP/1.1 \(status) Scripted"] + allHeaders.map { "\($0.0): \($0.1)" } + ["", ""]
        return Array(head.joined(separator: "\r\n").utf8) + (method == .HEAD ? [] : body)
    }
}
