import Crypto
import Foundation
internal import S3
import Synchronization

/// What a scripted server keeps, in the way of S3.
final class ScriptedBucket: Sendable {
    private struct Object {
        var bytes: [UInt8]
        var lastModified: Timestamp
        var tag: String
    }

    private struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: (path: String, parts: [Int: [UInt8]])] = [:]
    }

    private let conditions: ScriptedServer.Conditions
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(
        conditions: ScriptedServer.Conditions, now: @escaping @Sendable () -> Timestamp
    ) {
        self.conditions = conditions
        self.now = now
    }

    var paths: [String] { state.withLock { $0.objects.keys.sorted() } }
    var uploadCount: Int { state.withLock { $0.uploads.count } }

    func overwrite(_ path: String, with bytes: [UInt8]?) {
        state.withLock { state in
            state.objects[path] = bytes.map {
                Object(bytes: $0, lastModified: now(), tag: Self.tag(of: $0))
            }
        }
    }

    func reply(to request: SeenRequest) -> ScriptedReply {
        var reply =
            isInTime(request)
            ? state.withLock { answer(request, &$0) }
            : ScriptedReply(error: "RequestTimeTooSkewed", status: 403)
        reply.headers.append(("Date", httpDate(now())))
        return reply
    }

    private func answer(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        let isBucket = request.path.split(separator: "/").count < 2
        switch (request.method, isBucket) {
        case ("GET", true): return list(request, state)
        case ("GET", _), ("HEAD", _): return get(request, state)
        case ("PUT", false):
            if request.query["partNumber"] != nil { return putPart(request, &state) }
            return put(request, &state)
        case ("POST", false):
            return request.query["uploads"] != nil
                ? beginUpload(request, &state) : finishUpload(request, &state)
        case ("DELETE", false): return delete(request, &state)
        default: return ScriptedReply(error: "MethodNotAllowed", status: 405)
        }
    }

    /// As AWS: a quarter of an hour.
    private func isInTime(_ request: SeenRequest) -> Bool {
        guard let text = request.headers["x-amz-date"] else { return true }
        let digits = Array(text)
        guard digits.count == 16 else { return false }
        let part = { (range: Range<Int>) in String(digits[range]) }
        let iso =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):"
            + "\(part(13..<15))Z"
        guard let sent = Timestamp(iso8601: iso) else { return false }
        let apart = now().duration(since: sent)
        return apart < .seconds(900) && apart > .seconds(-900)
    }

    private func get(_ request: SeenRequest, _ state: State) -> ScriptedReply {
        guard let object = state.objects[request.path] else {
            return ScriptedReply(error: "NoSuchKey", status: 404)
        }
        var reply = ScriptedReply(status: 200, body: object.bytes)
        reply.headers = [
            ("ETag", object.tag), ("Last-Modified", httpDate(object.lastModified)),
        ]
        if request.headers["x-amz-checksum-mode"] == "ENABLED" {
            let sum = Data(SHA256.hash(data: object.bytes)).base64EncodedString()
            reply.headers.append(("x-amz-checksum-sha256", sum))
        }
        guard let range = request.headers["range"],
            let last = range.split(separator: "-").last.flatMap({ Int($0) })
        else { return reply }
        guard !object.bytes.isEmpty else {
            return ScriptedReply(error: "InvalidRange", status: 416)
        }
        reply.status = 206
        reply.body = Array(object.bytes.prefix(last + 1))
        reply.headers.append(
            ("Content-Range", "bytes 0-\(reply.body.count - 1)/\(object.bytes.count)"))
        return reply
    }

    private func put(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        if let refusal = refusal(request, state) { return refusal }
        var bytes = request.body
        let source = request.headers["x-amz-copy-source"]?.removingPercentEncoding
        if let source {
            guard let object = state.objects["/" + source] else {
                return ScriptedReply(error: "NoSuchKey", status: 404)
            }
            bytes = object.bytes
        } else if let sum = request.headers["x-amz-checksum-sha256"],
            sum != Data(SHA256.hash(data: bytes)).base64EncodedString()
        {
            return ScriptedReply(error: "BadDigest", status: 400)
        }
        let object = Object(bytes: bytes, lastModified: now(), tag: Self.tag(of: bytes))
        state.objects[request.path] = object
        var reply = ScriptedReply(status: 200)
        if source != nil {
            reply.body = Array(
                "<CopyObjectResult><ETag>\(object.tag)</ETag></CopyObjectResult>".utf8)
        }
        reply.headers = [("ETag", object.tag)]
        return reply
    }

    private func delete(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        if let upload = request.query["uploadId"] {
            state.uploads[upload] = nil
        } else {
            if conditions == .honoured, let refusal = refusal(request, state) { return refusal }
            state.objects[request.path] = nil
        }
        return ScriptedReply(status: 204)
    }

    private func refusal(_ request: SeenRequest, _ state: State) -> ScriptedReply? {
        guard conditions != .ignored else { return nil }
        let object = state.objects[request.path]
        if request.headers["if-none-match"] == "*", object != nil {
            return ScriptedReply(error: "PreconditionFailed", status: 412)
        }
        guard let tag = request.headers["if-match"] else { return nil }
        // As AWS: another status where there is nothing.
        guard let object else { return ScriptedReply(error: "NoSuchKey", status: 404) }
        return object.tag == tag ? nil : ScriptedReply(error: "PreconditionFailed", status: 412)
    }

    private func beginUpload(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        let upload = UUID().uuidString
        state.uploads[upload] = (request.path, [:])
        return ScriptedReply(
            status: 200,
            body: Array(
                ("<InitiateMultipartUploadResult><UploadId>\(upload)</UploadId>"
                    + "</InitiateMultipartUploadResult>").utf8))
    }

    private func putPart(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        guard let upload = request.query["uploadId"], state.uploads[upload] != nil,
            let number = request.query["partNumber"].flatMap({ Int($0) })
        else { return ScriptedReply(error: "NoSuchUpload", status: 404) }
        state.uploads[upload]?.parts[number] = request.body
        var reply = ScriptedReply(status: 200)
        reply.headers = [("ETag", Self.tag(of: request.body))]
        return reply
    }

    private func finishUpload(_ request: SeenRequest, _ state: inout State) -> ScriptedReply {
        guard let id = request.query["uploadId"], let upload = state.uploads[id] else {
            return ScriptedReply(error: "NoSuchUpload", status: 404)
        }
        if let refusal = refusal(request, state) { return refusal }
        let bytes = upload.parts.sorted { $0.key < $1.key }.flatMap(\.value)
        let tag = "\"\(Self.tag(of: bytes).dropFirst().dropLast())-\(upload.parts.count)\""
        state.uploads[id] = nil
        state.objects[request.path] = Object(bytes: bytes, lastModified: now(), tag: tag)
        return ScriptedReply(
            status: 200,
            body: Array(
                "<CompleteMultipartUploadResult><ETag>\(tag)</ETag></CompleteMultipartUploadResult>"
                    .utf8))
    }

    private func list(_ request: SeenRequest, _ state: State) -> ScriptedReply {
        let bucket = "/" + (request.path.split(separator: "/").first.map(String.init) ?? "") + "/"
        let prefix = request.query["prefix"] ?? ""
        let after = request.query["start-after"] ?? ""
        let limit = request.query["max-keys"].flatMap { Int($0) } ?? 1000
        let keys = state.objects.keys.filter { $0.hasPrefix(bucket) }
            .map { String($0.dropFirst(bucket.count)) }
            .filter { $0.hasPrefix(prefix) && (after.isEmpty || $0 > after) }.sorted()
        let contents = keys.prefix(limit).map { "<Contents><Key>\($0)</Key></Contents>" }
        return ScriptedReply(
            status: 200,
            body: Array(
                ("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3\"><IsTruncated>"
                    + "\(keys.count > limit)</IsTruncated>\(contents.joined())</ListBucketResult>")
                    .utf8))
    }

    private static func tag(of bytes: [UInt8]) -> String {
        "\"" + Insecure.MD5.hash(data: bytes).map { String(format: "%02x", $0) }.joined() + "\""
    }

    private func httpDate(_ moment: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(
            from: Date(timeIntervalSince1970: Double(moment.millisecondsSince1970 / 1000)))
    }
}
