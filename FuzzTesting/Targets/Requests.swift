import HTTPTypes

#if DEBUG
    @testable import HTTPTransports

    /// Reads lines as a path and header fields, and lets those who read requests have a look.
    func tryRequests(_ input: [UInt8]) {
        let lines = String(decoding: input, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        var request = HTTPRequest(
            method: lines.first == "GET" ? .get : .post, scheme: nil,
            authority: lines.dropFirst().first.map(String.init),
            path: lines.dropFirst(2).first.map(String.init))
        for line in lines.dropFirst(3) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else { continue }
            request.headerFields.append(HTTPField(name: name, value: String(parts[1])))
        }
        let policy = AccessPolicy(hostNames: ["js.example.com"])
        if (try? policy.checkOrigin(of: request)) != nil {
            let name = (request.authority ?? "").lowercased()
            let served = AccessPolicy.loopbackNames.union(["js.example.com"])
            precondition(served.contains { name.hasPrefix($0) }, "A foreign host is served.")
        }
        _ = try? Route(request, endpoints: Set(Endpoint.allCases))
        _ = AcceptedForms(request.headerFields)
        _ = try? request.headerFields.checkContent()
        _ = try? BearerTokens(file: String(decoding: input, as: UTF8.self))
    }
#else
    /// The readers of requests are for this project's tests only: a release build has none of this.
    func tryRequests(_ input: [UInt8]) {}
#endif
