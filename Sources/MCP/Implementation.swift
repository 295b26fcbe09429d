/// What a server says of itself.
package struct Implementation: Hashable, Sendable {
    /// A short name for programs.
    package var name: String
    /// A name for people.
    package var title: String?
    /// The server's own version.
    package var version: String
    /// One sentence on what it does.
    package var description: String?
    /// Where people can read more.
    package var websiteURL: String?

    /// Describes a server.
    package init(
        name: String, title: String? = nil, version: String, description: String? = nil,
        websiteURL: String? = nil
    ) {
        self.name = name
        self.title = title
        self.version = version
        self.description = description
        self.websiteURL = websiteURL
    }

    /// The members that this revision knows.
    package func json(for revision: ProtocolRevision) -> JSON {
        var json: JSONObject = ["name": .string(name)]
        if revision.has(.title) { json["title"] = title.map(JSON.string) }
        json["version"] = .string(version)
        if revision.has(.implementationDetails) {
            json["description"] = description.map(JSON.string)
            json["websiteUrl"] = websiteURL.map(JSON.string)
        }
        return .object(json)
    }
}
