import HTTPTypes
import Testing

@testable import HTTPTransports

@Suite("Routes")
struct RouteTests {
    private func route(
        _ method: HTTPRequest.Method, _ path: String,
        _ endpoints: Set<Endpoint> = Set(Endpoint.allCases)
    ) -> Result<Route, Refusal> {
        let request = HTTPRequest(
            method: method, scheme: "http", authority: "localhost", path: path)
        return Result { () throws(Refusal) in try Route(request, endpoints: endpoints) }
    }

    @Test(
        "are found by method and path",
        arguments: [
            (HTTPRequest.Method.post, "/mcp", Route.message),
            (.post, "/mcp?x=1", .message),
            (.post, "/mcp/", .message),
            (.post, "/mcp/?x=1", .message),
            (.get, "/sse/", .stream),
            (.post, "/message/?sessionId=a", .streamMessage(sessionID: "a")),
            (.delete, "/mcp", .endOfSession),
            (.get, "/sse", .stream),
            (.post, "/message?sessionId=a", .streamMessage(sessionID: "a")),
            (.post, "/message?x=1&sessionId=a", .streamMessage(sessionID: "a")),
            (.post, "/message?sessionId=a&sessionId=b", .streamMessage(sessionID: nil)),
            (.post, "/message", .streamMessage(sessionID: nil)),
            (.get, "/healthz", .health),
            (.get, "/readyz", .readiness),
            (.get, "/metrics", .metrics),
        ])
    func found(_ method: HTTPRequest.Method, _ path: String, _ expected: Route) throws {
        #expect(try route(method, path).get() == expected)
    }

    @Test(
        "are not found elsewhere",
        arguments: ["", "/", "mcp", "/MCP", "/mcp//", "/mcp/x", "//mcp", "/%6dcp", "*"])
    func notFound(_ path: String) {
        #expect(route(.post, path) == .failure(.path))
    }

    @Test("are those of the endpoints that are served")
    func endpoints() throws {
        #expect(route(.post, "/mcp", [.serverSentEvents]) == .failure(.path))
        #expect(route(.get, "/sse", [.streamableHTTP]) == .failure(.path))
        #expect(route(.post, "/message", [.streamableHTTP]) == .failure(.path))
        #expect(try route(.get, "/healthz", []).get() == .health)
    }

    @Test("only probes are open to everyone")
    func open() {
        let routes: [Route] = [
            .message, .endOfSession, .stream, .streamMessage(sessionID: nil), .metrics,
        ]
        #expect(routes.allSatisfy { !$0.isOpen })
        #expect(Route.health.isOpen && Route.readiness.isOpen)
    }
}

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "say which forms a client takes",
        arguments: [
            ("*/*", AcceptedForms.both),
            ("application/json, text/event-stream", .both),
            ("Application/JSON;q=0.9 , TEXT/event-stream; q=1", .both),
            ("application/*", .json),
            ("text/*", .eventStream),
            ("application/json, text/event-stream;q=0", .json),
            ("text/html", []),
            ("", []),
        ] as [(String, AcceptedForms)])
    func forms(_ accept: String, _ expected: AcceptedForms) {
        #expect(AcceptedForms([.accept: accept]) == expected)
    }

    @Test("are both where a client says nothing")
    func silence() {
        #expect(AcceptedForms([:]) == .both)
    }

    @Test(
        "of a body must be JSON",
        arguments: [
            (["application/json"], [], true),
            (["APPLICATION/json ; charset=utf-8"], ["identity"], true),
            ([], [], false),
            (["text/plain"], [], false),
            (["application/json-seq"], [], false),
            (["application/json", "text/plain"], [], false),
            (["application/json"], ["gzip"], false),
            (["application/json"], ["identity", "gzip"], false),
        ] as [([String], [String], Bool)])
    func content(_ types: [String], _ encodings: [String], _ isAccepted: Bool) {
        var fields = HTTPFields()
        for type in types { fields.append(HTTPField(name: .contentType, value: type)) }
        for encoding in encodings {
            fields.append(HTTPField(name: .contentEncoding, value: encoding))
        }
        let refusal = Result { () throws(Refusal) in try fields.checkContent() }
        switch refusal {
        case .success: #expect(isAccepted)
        case .failure(let refusal):
            #expect(!isAccepted && refusal.status == .unsupportedMediaType)
        }
    }
}
