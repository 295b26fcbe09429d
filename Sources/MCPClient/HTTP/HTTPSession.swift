import Foundation
import MCP
import NIOHTTP1

/// What a server of the older era calls us by, and the headers that follow from it.
enum HTTPSession: Equatable {
    /// It gave us no name, or not yet.
    case none
    case open(id: String)
    /// It no longer knows us. Terminal.
    case ended

    private static let idByteCountMax = 1_024

    /// Takes the name out of the answer to `initialize`; nil if there is one that cannot be sent.
    init?(greeting headers: HTTPHeaders) {
        guard let id = headers.first(name: "Mcp-Session-Id") else {
            self = .none
            return
        }
        let isVisible = id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isVisible, !id.isEmpty, id.utf8.count <= Self.idByteCountMax else { return nil }
        self = .open(id: id)
    }

    var id: String? {
        if case .open(let id) = self { id } else { nil }
    }
}

extension HTTPHeaders {
    /// The headers of one request.
    ///
    /// - Parameter question: what a POST asks; nil for what is no request.
    init(
        to target: HTTPTarget, session: HTTPSession, dialect: Dialect, for question: Question?
    ) {
        self.init(target.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        replaceOrAdd(name: "Accept", value: "application/json, text/event-stream")
        // The handshake is what finds out the revision.
        if question?.method != "initialize" {
            replaceOrAdd(name: "MCP-Protocol-Version", value: dialect.revision.rawValue)
        }
        switch dialect.revision.era {
        case .legacy:
            if let id = session.id { replaceOrAdd(name: "Mcp-Session-Id", value: id) }
        case .modern:
            guard let question else { return }
            replaceOrAdd(name: "Mcp-Method", value: question.method)
            if let name = question.name {
                replaceOrAdd(name: "Mcp-Name", value: Self.encodedWord(name))
            }
        }
    }

    /// A value as it is, if a header can carry it, else in base64.
    static func encodedWord(_ value: String) -> String {
        let isPlain =
            value.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !value.hasPrefix(" ")
            && !value.hasSuffix(" ") && !value.hasPrefix("=?base64?")
        return isPlain ? value : "=?base64?\(Data(value.utf8).base64EncodedString())?="
    }

    /// The type of a body, without its parameters and in lower case.
    var mediaType: String {
        let value = first(name: "Content-Type") ?? ""
        return value.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    }
}
