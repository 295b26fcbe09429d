import NIOHTTP1

/// How a request says where its body ends.
///
/// A proxy that reads this in another way takes a part of one client's body for the next request,
/// so only what has one meaning is accepted: a length, or the chunked coding alone.
enum BodyFraming {
    struct Fault: Hashable {
        let status: HTTPResponseStatus
        let reason: String
    }

    /// What is wrong with a request's head; nil if nothing is.
    static func fault(of head: HTTPRequestHead) -> Fault? {
        let lengths = head.headers["Content-Length"]
        let codings = head.headers["Transfer-Encoding"]
        guard !codings.isEmpty else {
            let isNumber = lengths.allSatisfy { length in
                !length.isEmpty && length.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
            guard lengths.count <= 1, isNumber else {
                return Fault(status: .badRequest, reason: "There must be one Content-Length")
            }
            return nil
        }
        guard lengths.isEmpty, head.version == .http1_1 else {
            return Fault(
                status: .badRequest,
                reason: "Transfer-Encoding goes with HTTP/1.1, and without Content-Length")
        }
        guard codings.count == 1, codings[0].lowercased() == "chunked" else {
            return Fault(
                status: .notImplemented, reason: "Transfer-Encoding must be chunked, and no other")
        }
        return nil
    }
}
