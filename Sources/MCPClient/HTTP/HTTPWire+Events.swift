import MCP
import NIOCore
import NIOHTTP1

/// What is known of a stream of events when it ends.
private struct StreamEnd {
    /// The answer that was waited for, if it came.
    var answer: ServerMessage.Answer?
    var lastEventID: String?
    var retry: Duration?
    var hadEvents = false
}

// MARK: - Answers

extension HTTPWire {
    private static let resumptionCountMax = 10
    private static let resumptionPause = Duration.seconds(1)
    private static let pauseMax = Duration.seconds(30)

    /// Reads the answer to a request out of what a POST was answered with.
    func answer(
        to id: Int, _ question: Question, _ reply: HTTPReply, _ dialect: Dialect
    ) async throws(UpstreamError) -> Reply {
        if question.method == "initialize" { try beginSession(reply.headers) }
        switch reply.headers.mediaType {
        case "text/event-stream": return try await streamedAnswer(to: id, reply, dialect)
        case "application/json":
            var body: [UInt8] = []
            try await collect(reply, upTo: limits.message.byteCountMax, into: &body)
            return try singleAnswer(to: id, body, dialect)
        case let type:
            throw .badAnswer(
                "with \(type.isEmpty ? "nothing" : String(type.prefix(100))), where JSON or a"
                    + " stream of events must come")
        }
    }

    private func singleAnswer(
        to id: Int, _ body: [UInt8], _ dialect: Dialect
    ) throws(UpstreamError) -> Reply {
        let json = try parse(body)
        for message in (json.array ?? [json]).map(ServerMessage.init) {
            if let answer = message.answer(to: id) { return try answer.reply.get() }
            try take(message, dialect)
        }
        throw .badAnswer("something else than was asked")
    }

    private func streamedAnswer(
        to id: Int, _ first: HTTPReply, _ dialect: Dialect
    ) async throws(UpstreamError) -> Reply {
        var reply = first
        var resumptionCount = 0
        while true {
            let end = try await read(reply, until: id, dialect)
            if let answer = end.answer { return try answer.reply.get() }
            if Task.isCancelled { throw .callerGone }
            resumptionCount = end.hadEvents ? 1 : resumptionCount + 1
            // In the older era a server may end a stream to have us come back for the rest.
            guard dialect.revision.era == .legacy, let event = end.lastEventID,
                resumptionCount <= Self.resumptionCountMax
            else {
                throw UpstreamError(
                    .unavailable, "The connection ended before the answer came",
                    retry: .sensible)
            }
            do { try await timing.sleep(end.retry ?? Self.resumptionPause) } catch {
                throw .callerGone
            }
            do throws(UpstreamError) {
                reply = try await openStream(after: event, dialect)
            } catch {
                var error = error
                // The request itself went out long ago.
                error.delivery = .possiblySent
                throw error
            }
        }
    }

    /// Reads events until the answer to a request comes, or the stream ends.
    private func read(
        _ reply: HTTPReply, until id: Int?, _ dialect: Dialect
    ) async throws(UpstreamError) -> StreamEnd {
        var events = EventStream(byteCountMax: limits.message.byteCountMax)
        var end = StreamEnd()
        do {
            for try await chunk in reply.body {
                for event in try events.append(Array(chunk.readableBytesView)) {
                    end.hadEvents = true
                    // An event without data only says where the stream stands.
                    if event.type != "message" || event.data.isEmpty { continue }
                    let json = try parse(event.data)
                    for message in (json.array ?? [json]).map(ServerMessage.init) {
                        if let id, let answer = message.answer(to: id) {
                            end.answer = answer
                            inbox.tookAnswer()
                            return end
                        }
                        try take(message, dialect)
                    }
                }
            }
        } catch let error as UpstreamError {
            throw error
        } catch {
            // The rest may be had by another request.
        }
        end.lastEventID = events.lastEventID
        end.retry = events.retry
        return end
    }

    private func parse(_ text: [UInt8]) throws(UpstreamError) -> JSON {
        do throws(MCPError) {
            return try JSON(parsing: text, limits: limits.message)
        } catch {
            if case .malformedJSON(let fault, _) = error,
                [.tooDeep, .tooLong, .tooManyValues].contains(fault)
            {
                throw .answerTooLarge(limits)
            }
            throw .badAnswer("what is no JSON: \(error)")
        }
    }

    private func take(_ message: ServerMessage, _ dialect: Dialect) throws(UpstreamError) {
        let isSound = inbox.take(message) { [self] answer in
            try? await notify(answer, as: dialect)
        }
        guard isSound else { throw .nonsense }
    }
}

// MARK: - What comes unasked

extension HTTPWire {
    /// Keeps a stream open on which the server can tell of changes, as long as it offers one.
    func listen(as dialect: Dialect) async {
        var pause = Self.resumptionPause
        var lastEventID: String?
        while !Task.isCancelled, !isClosed, !isGone {
            do throws(UpstreamError) {
                let end = try await listenOnce(after: lastEventID, dialect)
                lastEventID = end.lastEventID ?? lastEventID
                if end.hadEvents { pause = Self.resumptionPause }
                pause = max(end.retry ?? .zero, pause)
            } catch {
                // It has no such stream, or is down: calls will find out.
                guard error.retry == .sensible, !isGone else { return }
            }
            do { try await timing.sleep(pause) } catch { return }
            pause = min(pause * 2, Self.pauseMax)
        }
    }

    private func listenOnce(
        after event: String?, _ dialect: Dialect
    ) async throws(UpstreamError) -> StreamEnd {
        switch dialect.revision.era {
        case .legacy: return try await read(openStream(after: event, dialect), until: nil, dialect)
        case .modern:
            guard case .success = try await ask(.listenForChanges, as: dialect) else {
                throw UpstreamError(.protocolError, "The server tells of no changes")
            }
            return StreamEnd()
        }
    }
}

extension ServerMessage {
    /// The answer to this request of ours, if it is that.
    fileprivate func answer(to id: Int) -> Answer? {
        guard case .answer(.integer(let number), let answer) = self, number.integer == id else {
            return nil
        }
        return answer
    }
}
