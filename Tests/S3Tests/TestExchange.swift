import NIOHTTP1
import Synchronization

@testable import S3

/// Answers requests from a table, and notes them.
final class TestExchange: HTTPExchange {
    typealias Answers = @Sendable (HTTPQuestion) -> (status: Int, body: String)?

    private let answers: Answers
    private let log = Mutex<[HTTPQuestion]>([])

    init(_ answers: @escaping Answers) { self.answers = answers }

    var questions: [HTTPQuestion] { log.withLock { $0 } }

    func send(
        _ question: HTTPQuestion, bodyByteCountMax: Int, _ patience: Patience, _ timing: Timing
    ) async throws(HTTPFailure) -> HTTPAnswer {
        log.withLock { $0.append(question) }
        guard let answer = answers(question) else { throw .noConnection("nobody is there") }
        return HTTPAnswer(status: answer.status, headers: [:], body: Array(answer.body.utf8))
    }
}

extension HTTPQuestion {
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
