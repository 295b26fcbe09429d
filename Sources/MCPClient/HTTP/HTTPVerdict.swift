import MCP
import NIOHTTP1

/// What the status of an answer means, when it is none of success.
enum HTTPVerdict: Equatable {
    /// The server no longer knows our session, and has done nothing.
    case sessionEnded
    /// The same request, to another address of the same origin.
    case moved(to: HTTPTarget)
    /// An error of JSON-RPC.
    case failure(RPCFailure)
    case error(UpstreamError)

    /// What was asked.
    struct Context {
        var target: HTTPTarget
        var hasSession: Bool
    }

    private static let retryAfterMax = 3_600

    init(status: Int, headers: HTTPHeaders, body: [UInt8], _ context: Context) {
        let json = try? JSON(parsing: body)
        let text = json?["error"]?["message"]?.string ?? ""
        if context.hasSession, status == 404 || Self.speaksOfSession(status, text) {
            self = .sessionEnded
            return
        }
        if (300..<400).contains(status) {
            self = Self.redirect(status, headers.first(name: "Location") ?? "", context.target)
            return
        }
        let isAboutAccess = status == 401 || status == 403
        if !isAboutAccess, let json, case .answer(_, .failure(let failure)) = ServerMessage(json) {
            self = .failure(failure)
            return
        }
        // An error that says of no request whose it is, as for one that could not be read.
        if !isAboutAccess, let code = json?["error"]?["code"]?.integer {
            self = .failure(RPCFailure(code: code, message: text, data: json?["error"]?["data"]))
            return
        }
        var error = Self.error(status, context)
        error.details["status"] = .number(JSONNumber(status))
        if let seconds = headers.first(name: "Retry-After").flatMap({ Int($0) }), seconds >= 0 {
            let milliseconds = min(seconds, Self.retryAfterMax) * 1_000
            error.details["retryAfterMs"] = .number(JSONNumber(milliseconds))
        }
        self = .error(error)
    }

    /// Some servers say with another status that they do not know a session.
    private static func speaksOfSession(_ status: Int, _ text: String) -> Bool {
        status == 400 && text.lowercased().contains("session")
    }

    private static func redirect(
        _ status: Int, _ location: String, _ target: HTTPTarget
    ) -> HTTPVerdict {
        // Others may turn a POST into a GET.
        if [307, 308].contains(status), let next = target.following(location) {
            return .moved(to: next)
        }
        let place = HTTPTarget.origin(of: location) ?? "another place"
        return .error(
            UpstreamError(
                .unavailable,
                "The server sends us on (\(status)) to \(place), which is not followed: set its"
                    + " \"url\" to where it is now", .notSent, details: ["status": 307]))
    }

    private static func error(_ status: Int, _ context: Context) -> UpstreamError {
        switch status {
        case 401 where context.target.hasCredentials:
            UpstreamError(
                .unavailable,
                "The server does not accept our credentials (401). The operator has to renew the"
                    + " Authorization in its \"headers\"; trying again does not help", .notSent)
        case 401:
            UpstreamError(
                .unavailable,
                "The server wants credentials (401). The operator has to give it \"headers\":"
                    + " {\"Authorization\": \"Bearer …\"}; trying again does not help", .notSent)
        case 403:
            UpstreamError(
                .unavailable,
                "The server refuses us (403): the operator's credentials do not allow this",
                .notSent)
        case 404, 405, 410:
            UpstreamError(
                .unavailable,
                "There is no MCP server at this address (\(status)): the operator has to check its"
                    + " \"url\"", .notSent)
        case 413:
            UpstreamError(.tooLarge, "The server takes no request that large (413)", .notSent)
        case 429:
            UpstreamError(
                .limit, "The server is asked too often (429)", .notSent, retry: .sensible)
        case 503:
            UpstreamError(
                .unavailable, "The server is busy or down (503)", .notSent, retry: .sensible)
        case 500...:
            UpstreamError(.unavailable, "The server failed (\(status))", retry: .sensible)
        default:
            UpstreamError(.protocolError, "The server refused the request (\(status))", .notSent)
        }
    }
}
