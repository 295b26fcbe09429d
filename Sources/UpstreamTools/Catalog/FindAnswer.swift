import MCPClient

/// What `find_tools` answers: signatures while they fit, then a line for each tool, then how many
/// more there are.
package struct FindAnswer: Hashable, Sendable {
    /// One tool in the answer.
    package struct Match: Hashable, Sendable {
        /// `server.tool`.
        package var name: String
        /// One sentence on it.
        package var about: String
        /// Its signature; empty where there was no room.
        package var signature: String
    }

    /// Some 1,500 tokens.
    package static let usualCharacterCountMax = 6_000
    private static let lineCountMax = 40

    /// The text for a model.
    package private(set) var text = ""
    /// The same for programs.
    package private(set) var matches: [Match] = []
    /// Tools that fit and are not shown.
    package private(set) var omittedCount = 0

    /// Answers a query.
    ///
    /// - Parameters:
    ///   - limit: how many signatures at most.
    ///   - note: what is to be said about a tool, such as `asks the user`.
    package init(
        _ query: String, server: String? = nil, limit: Int = 8, in catalog: ToolCatalog,
        characterCountMax: Int = usualCharacterCountMax,
        note: (ToolCatalog.Entry) -> String? = { _ in nil }
    ) {
        if query.allSatisfy(\.isWhitespace), server == nil {
            let lines = catalog.servers.map { server in
                "\(CleanText.line(server.name, lengthMax: 64)): \(server.toolCount) tools"
            }
            text = lines.isEmpty ? "No servers." : lines.joined(separator: "\n")
            return
        }
        let found = catalog.find(query, server: server)
        var room = characterCountMax
        for (place, entry) in found.enumerated() {
            let name = CleanText.line(entry.name, lengthMax: 200)
            let isShown = place < limit
            let signature = isShown ? catalog.signature(of: entry) : nil
            let mark = note(entry).map { " // \($0)" } ?? ""
            let about = signature?.about ?? CleanText.sentence(entry.tool.description)
            var match = Match(name: name, about: about, signature: "")
            var line = "\(name) — \(about)\(mark)\n"
            if let signature, signature.text.count + mark.count + 2 <= room {
                match.signature = signature.text
                line = "\(signature.text)\(mark)\n\n"
            }
            guard line.count <= room - 40, matches.count < limit + Self.lineCountMax else {
                omittedCount = found.count - place
                break
            }
            room -= line.count
            text += line
            matches.append(match)
        }
        if found.isEmpty {
            text = "Nothing fits. Without a query the servers are listed, and server.* lists one."
        } else if omittedCount > 0 {
            text += "and \(omittedCount) more\n"
        }
    }
}
