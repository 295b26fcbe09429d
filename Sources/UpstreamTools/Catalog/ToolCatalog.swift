package import MCPClient

/// The tools of all servers, as they are found by words.
package struct ToolCatalog: Sendable {
    /// One tool.
    package struct Entry: Hashable, Sendable {
        /// The server's name in the configuration.
        package var server: String
        /// What the server says of the tool.
        package var tool: UpstreamTool

        /// Puts a tool into a catalog.
        package init(server: String, tool: UpstreamTool) {
            self.server = server
            self.tool = tool
        }

        /// The name that people use.
        package var name: String { "\(server).\(tool.name)" }
    }

    /// All tools, by server and in each server's order.
    package let entries: [Entry]
    private let names: [String: ToolNames]
    private let index: WordIndex

    /// Makes a catalog. It takes time in the length of all texts; do it once for each change.
    package init(_ entries: [Entry]) {
        self.entries = entries
        names = Dictionary(grouping: entries, by: \.server)
            .mapValues { ToolNames($0.map(\.tool.name)) }
        index = WordIndex(entries.map(WordIndex.Fields.init))
    }

    /// How many tools each server has, by its name.
    package var servers: [(name: String, toolCount: Int)] {
        Dictionary(grouping: entries, by: \.server)
            .map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }

    /// What a name of a tool stands for on a server; nil where there is no such server.
    package func meaning(of tool: String, on server: String) -> ToolNames.Meaning? {
        names[server]?.meaning(of: tool)
    }

    /// The signature of a tool of this catalog.
    package func signature(of entry: Entry) -> ToolSignature {
        ToolSignature(
            entry.tool, server: entry.server, names: names[entry.server] ?? ToolNames([]))
    }

    /// The tools that fit a query, best first.
    ///
    /// `server.*` lists a server, an exact name gives that tool first, and words are looked for in
    /// names, descriptions and parameters.
    package func find(_ query: String, server: String? = nil) -> [Entry] {
        let query = query.trimmedBlanks
        if query.hasSuffix(".*") {
            let wanted = String(query.dropLast(2))
            return entries.filter { $0.server == wanted && (server == nil || server == wanted) }
        }
        let isWanted = { (place: Int) in server == nil || self.entries[place].server == server }
        if query.isEmpty {
            return server == nil ? [] : entries.indices.filter(isWanted).map { entries[$0] }
        }
        let bare = query.hasPrefix("tools.") ? String(query.dropFirst(6)) : query
        let exact = entries.indices.filter { place in
            let entry = entries[place]
            return isWanted(place) && (entry.name == bare || entry.tool.name == bare)
        }
        let found = index.places(for: query).filter { isWanted($0) && !exact.contains($0) }
        return (exact + found).map { entries[$0] }
    }
}

extension String {
    fileprivate var trimmedBlanks: String {
        var text = self[...].drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
