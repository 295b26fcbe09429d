package import MCP

/// Why a request to an upstream server has no result, in the terms in which scripts learn of it.
package struct UpstreamError: Error, Hashable, Sendable {
    /// What a caller can tell apart; the raw values are what scripts see.
    package enum Kind: String, CaseIterable, Sendable {
        /// The tool itself said that it failed.
        case failed
        /// The server answered an error, or something that is no answer.
        case protocolError = "protocol"
        /// There is no such server, tool or resource.
        case notFound = "not_found"
        /// The arguments do not fit the tool's schema.
        case invalidArguments = "invalid_arguments"
        /// A rule of the operator forbids it.
        case denied
        /// A person was asked and said no.
        case declined
        /// It took longer than it may.
        case timeout
        /// The caller no longer wants it.
        case cancelled
        /// The server cannot be started or reached, or it went away.
        case unavailable
        /// There is more of it than is taken.
        case tooLarge = "too_large"
        /// Too much is asked at a time.
        case limit
    }

    /// Whether the server may have acted on the request.
    package enum Delivery: Hashable, Sendable {
        /// It certainly has not seen it.
        case notSent
        /// It may have done what was asked.
        case possiblySent
    }

    /// Whether the same request may succeed later.
    package enum Retry: Hashable, Sendable {
        /// It will end in the same way.
        case pointless
        /// It may help.
        case sensible
    }

    /// What went wrong.
    package var kind: Kind
    /// What went wrong and what to do about it, for a person or a model; without secrets.
    package var message: String
    /// Whether the server may have acted.
    package var delivery: Delivery
    /// Whether trying again may help.
    package var retry: Retry
    /// More for programs: the code and data of a JSON-RPC error, how long to wait.
    package var details: JSONObject

    /// Describes a failure.
    package init(
        _ kind: Kind, _ message: String, _ delivery: Delivery = .possiblySent,
        retry: Retry = .pointless, details: JSONObject = [:]
    ) {
        self.kind = kind
        self.message = message
        self.delivery = delivery
        self.retry = retry
        self.details = details
    }
}

extension UpstreamError: CustomStringConvertible {
    /// The kind and the message.
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension UpstreamError {
    /// The most characters of an upstream's own text that a message quotes.
    private static let quoteLengthMax = 4096

    /// An error that the server answered.
    init(_ failure: RPCFailure) {
        self.init(
            failure.code == -32002 ? .notFound : .protocolError,
            String(failure.message.prefix(Self.quoteLengthMax)),
            // A server that is busy says so as an internal error.
            retry: failure.code == -32603 ? .sensible : .pointless,
            details: ["code": .number(JSONNumber(failure.code)), "data": failure.data ?? .null])
    }

    /// The same, for a request of which not a byte went out.
    var asNotSent: UpstreamError {
        var error = self
        error.delivery = .notSent
        return error
    }

    /// An answer that is none.
    static func badAnswer(_ what: String) -> UpstreamError {
        UpstreamError(.protocolError, "The server answered \(what)")
    }

    static let callerGone = UpstreamError(.cancelled, "The call was cancelled")
}
