package import MCP
import Logging
import Synchronization

/// Answers what a server asks of us: `elicitation/create`, `sampling/createMessage`, `roots/list`.
package protocol ServerRequestHandler: Sendable {
    /// What the client says it can be asked for, as in `clientCapabilities`.
    var capabilities: JSONObject { get }

    /// The result of a request; nil refuses it.
    func answer(method: String, parameters: JSON) async -> JSONObject?
}

/// Takes what a server sends that is no answer: its notices and its requests.
final class Inbox: Sendable {
    /// Sends an answer to the server.
    typealias Answering = @Sendable ([UInt8]) async -> Void

    private struct State {
        var progress: [Int: @Sendable (UpstreamProgress) -> Void] = [:]
        var questionCount = 0
        /// Messages in a row that meant nothing.
        var uselessCount = 0
    }

    private let state = Mutex(State())
    private let handler: (any ServerRequestHandler)?
    private let limits: UpstreamLimits
    private let log: Logger
    private let onEvent: @Sendable (UpstreamEvent) -> Void

    init(
        handler: (any ServerRequestHandler)?, limits: UpstreamLimits, log: Logger,
        onEvent: @escaping @Sendable (UpstreamEvent) -> Void
    ) {
        self.handler = handler
        self.limits = limits
        self.log = log
        self.onEvent = onEvent
    }

    /// Has news of a request handed on until ``endProgress(of:)``.
    func beginProgress(of id: Int, _ action: (@Sendable (UpstreamProgress) -> Void)?) {
        guard let action else { return }
        state.withLock { $0.progress[id] = action }
    }

    func endProgress(of id: Int) {
        state.withLock { _ = $0.progress.removeValue(forKey: id) }
    }

    /// Takes in a message that is no answer.
    ///
    /// - Returns: false where the server has sent so much nonsense that it is given up.
    func take(_ message: ServerMessage, answering: @escaping Answering) -> Bool {
        switch message {
        case .answer: return isUseless("an answer that nobody waits for")
        case .useless(let reason): return isUseless(reason)
        case .notification(let method, let parameters): notice(method, parameters)
        case .request(let id, let method, let parameters):
            reply(to: id, method, parameters, answering)
        }
        state.withLock { $0.uselessCount = 0 }
        return true
    }

    /// An answer came that somebody waits for.
    func tookAnswer() { state.withLock { $0.uselessCount = 0 } }

    private func isUseless(_ reason: String) -> Bool {
        let count = state.withLock { state in
            state.uselessCount += 1
            return state.uselessCount
        }
        // The first of a flood stands for the rest.
        if count == 1 {
            log.warning("An upstream server sent nonsense", metadata: ["reason": "\(reason)"])
        }
        return count < limits.uselessMessageCountMax
    }

    private func notice(_ method: String, _ parameters: JSON) {
        switch method {
        case "notifications/progress":
            guard let token = parameters["progressToken"]?.integer,
                let news = UpstreamProgress(parameters)
            else { return }
            state.withLock { $0.progress[token] }?(news)
        case "notifications/tools/list_changed": onEvent(.toolsChanged)
        case "notifications/resources/list_changed": onEvent(.resourcesChanged)
        case "notifications/message":
            log.debug(
                "An upstream server logs",
                metadata: ["upstream.level": "\((parameters["level"]?.string ?? "").prefix(20))"])
        default: break
        }
    }

    private func reply(
        to id: RequestID, _ method: String, _ parameters: JSON, _ answering: @escaping Answering
    ) {
        let isFree = state.withLock { state in
            guard state.questionCount < limits.questionsAtATimeMax else { return false }
            state.questionCount += 1
            return true
        }
        // Who asks on without waiting gets no answer: each would take memory until it is written.
        guard isFree else { return }
        Task {
            await answering(Notice.answer(to: id, await answer(method, parameters)))
            state.withLock { $0.questionCount -= 1 }
        }
    }

    /// The result or refusal of one request of the server.
    func answer(_ method: String, _ parameters: JSON) async -> Result<JSONObject, RPCFailure> {
        if method == "ping" { return .success([:]) }
        if let result = await handler?.answer(method: method, parameters: parameters) {
            return .success(result)
        }
        if method == "roots/list" { return .success(["roots": []]) }
        return .failure(RPCFailure(code: -32601, message: "This client does not offer \(method)"))
    }

    /// Answers to the requests in a result that asks for input; nil where one is refused.
    func inputs(for requests: JSONObject) async -> JSONObject? {
        guard handler != nil, requests.members.count <= limits.questionsAtATimeMax else {
            return nil
        }
        var responses: JSONObject = [:]
        for request in requests.members {
            let method = request.value["method"]?.string ?? ""
            let parameters = request.value["params"] ?? [:]
            guard case .success(let response) = await answer(method, parameters) else { return nil }
            responses[request.key] = .object(response)
        }
        return responses
    }
}
